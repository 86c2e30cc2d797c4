CREATE OR REPLACE TRIGGER gate_rule_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.gate_rule
    FOR EACH ROW EXECUTE FUNCTION gdpr.restriction_changed();
CREATE OR REPLACE TRIGGER gate_rule_emptied AFTER TRUNCATE ON gdpr.gate_rule
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.restriction_changed();
ALTER TABLE gdpr.gate_rule ENABLE ALWAYS TRIGGER gate_rule_changed;
ALTER TABLE gdpr.gate_rule ENABLE ALWAYS TRIGGER gate_rule_emptied;
CREATE OR REPLACE TRIGGER channel_role_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.channel_role
    FOR EACH ROW EXECUTE FUNCTION gdpr.restriction_changed();
CREATE OR REPLACE TRIGGER channel_role_emptied AFTER TRUNCATE ON gdpr.channel_role
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.restriction_changed();
ALTER TABLE gdpr.channel_role ENABLE ALWAYS TRIGGER channel_role_changed;
ALTER TABLE gdpr.channel_role ENABLE ALWAYS TRIGGER channel_role_emptied;

CREATE OR REPLACE FUNCTION gdpr.gate(class text, channel text, action text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_gate_class' LANGUAGE C;
COMMENT ON FUNCTION gdpr.gate(text, text, text) IS
    'Sets what the roles of a channel see of columns labelled personal or sensitive: show, mask (the shape without the '
    'content), hide (null) or deny (an error). A null action removes the rule. In force in every session from its next '
    'statement. Raises for an unknown class or action. Needs gdpr_admin; audited (Art. 25, 32).';
REVOKE ALL ON FUNCTION gdpr.gate(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.gate(text, text, text) TO gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.gate(relation regclass, column_name name, channel text, action text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_gate_column' LANGUAGE C;
COMMENT ON FUNCTION gdpr.gate(regclass, name, text, text) IS
    'The same for one column of a table, its partitions and heirs; for the channel it comes before the rule of its class. '
    'Raises where there is no such column. Needs gdpr_admin; audited.';
REVOKE ALL ON FUNCTION gdpr.gate(regclass, name, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.gate(regclass, name, text, text) TO gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.assign_channel(role regrole, channel text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_assign_channel' LANGUAGE C;
COMMENT ON FUNCTION gdpr.assign_channel(regrole, text) IS
    'Puts a role, and whoever is a member of it, into a channel besides those it is in. A null channel takes it out of all. '
    'Who is in none is in the channel internal; superusers are in none. Warns of attributes of the role that no gate can '
    'hold. Needs gdpr_admin; audited.';
REVOKE ALL ON FUNCTION gdpr.assign_channel(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.assign_channel(regrole, text) TO gdpr_admin;

CREATE OR REPLACE VIEW gdpr.gate_rules AS
    SELECT r.class, r.relation, r.column_name, r.channel, r.action,
           ARRAY(SELECT c.role FROM gdpr.channel_role c WHERE c.channel = r.channel ORDER BY c.role::pg_catalog.text) AS roles
      FROM gdpr.gate_rule r;
COMMENT ON VIEW gdpr.gate_rules IS
    'What happens to a class of columns, or to one column, in each channel, and the roles that were assigned to it.';
REVOKE ALL ON gdpr.gate_rules FROM PUBLIC;
GRANT SELECT ON gdpr.gate_rules TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.masked(value anyelement, rule text) RETURNS anyelement
    AS 'MODULE_PATHNAME', 'gdpr_masked' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION gdpr.masked(anyelement, text) IS
    'What stands for a value where a rule says mask: its shape without its content. E-mail addresses, telephone numbers, '
    'IBANs and names by what they look like, dates as their year, numbers as their power of ten, documents leaf by leaf; null '
    'for types that have no shape to keep.';
REVOKE ALL ON FUNCTION gdpr.masked(anyelement, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.masked(anyelement, text) TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.gates_hold_support(internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gdpr_gates_hold_support' LANGUAGE C STRICT;
COMMENT ON FUNCTION gdpr.gates_hold_support(internal) IS
    'Tells the planner that gdpr.gates_hold() leaves every row; raises where a statement of a gated role is planned without its gates.';
REVOKE ALL ON FUNCTION gdpr.gates_hold_support(internal) FROM PUBLIC;
CREATE OR REPLACE FUNCTION gdpr.gates_hold() RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_gates_hold' LANGUAGE C STABLE LEAKPROOF PARALLEL SAFE SUPPORT gdpr.gates_hold_support;
COMMENT ON FUNCTION gdpr.gates_hold() IS
    'The predicate of the policy gdpr_gate: true; raises where a gated role runs a statement that was planned without its '
    'gates, since the session has not loaded the library in time or another has taken the planner''s hook. Gated statements do not call it.';
REVOKE ALL ON FUNCTION gdpr.gates_hold() FROM PUBLIC;
-- PostgreSQL runs a policy's functions with the privileges of whoever queries the table.
GRANT EXECUTE ON FUNCTION gdpr.gates_hold() TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.statistics_visible(relation oid, number smallint) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_statistics_visible' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gdpr.statistics_visible(oid, smallint) IS
    'May the roles of the session see what the server knows of a column''s values? The condition on pg_stats in gated channels.';
REVOKE ALL ON FUNCTION gdpr.statistics_visible(oid, smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.statistics_visible(oid, smallint) TO PUBLIC;
CREATE OR REPLACE FUNCTION gdpr.statistics_visible(statistics oid) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_extended_statistics_visible' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gdpr.statistics_visible(oid) IS 'The same of extended statistics.';
REVOKE ALL ON FUNCTION gdpr.statistics_visible(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.statistics_visible(oid) TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.gate_guard() RETURNS event_trigger AS 'MODULE_PATHNAME', 'gdpr_gate_guard' LANGUAGE C;
COMMENT ON FUNCTION gdpr.gate_guard() IS
    'Event trigger that refuses to a gated role what would be computed from the raw values of its own tables: triggers, rules, '
    'policies, expressions of indexes and constraints, publications, and tables made of gated columns. Rules follow renamed '
    'columns.';
REVOKE ALL ON FUNCTION gdpr.gate_guard() FROM PUBLIC;
CREATE OR REPLACE FUNCTION gdpr.gate_follow() RETURNS event_trigger AS 'MODULE_PATHNAME', 'gdpr_gate_follow' LANGUAGE C;
COMMENT ON FUNCTION gdpr.gate_follow() IS 
    'Event trigger by which the rules of dropped columns and tables go with them. Raises where a gated role drops the foreign '
    'key by which a column that stays is gated.';
REVOKE ALL ON FUNCTION gdpr.gate_follow() FROM PUBLIC;
CREATE OR REPLACE FUNCTION gdpr.gate_guard_function() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'gdpr_gate_guard_function' LANGUAGE C;
COMMENT ON FUNCTION gdpr.gate_guard_function() IS
    'Event trigger that refuses to a gated role to change a function that is called by triggers, indexes, constraints, '
    'policies or generated columns of a table with columns that it does not see.';
REVOKE ALL ON FUNCTION gdpr.gate_guard_function() FROM PUBLIC;
