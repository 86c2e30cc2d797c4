CREATE OR REPLACE FUNCTION gdpr.permitted_support(internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gdpr_permitted_support' LANGUAGE C STRICT;
COMMENT ON FUNCTION gdpr.permitted_support(internal) IS 'Tells the planner how many rows are permitted, and what asking costs.';
REVOKE ALL ON FUNCTION gdpr.permitted_support(internal) FROM PUBLIC;

-- STABLE: a restriction binds from the next statement on, and never changes its mind within one. LEAKPROOF: its
-- errors name relations, never values; without it every other condition would lose its index. PARALLEL SAFE: a
-- worker reads the set of restricted people for itself.
CREATE OR REPLACE FUNCTION gdpr.permitted(VARIADIC "any") RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_permitted' LANGUAGE C STABLE LEAKPROOF PARALLEL SAFE SUPPORT gdpr.permitted_support;
COMMENT ON FUNCTION gdpr.permitted(VARIADIC "any") IS
    'The predicate of the policy gdpr_restriction: false for a row of anyone whose data may not be processed: who is '
    'restricted, unless the current role is a superuser or an officer who has stated a ground (Art. 18(2)); and, with '
    'gdpr.purpose set, who objects to it or did not consent. Arguments: the relation, and the columns that tell whose '
    'its rows are. Raises where the policy is not as gdpr.apply() makes it.';
REVOKE ALL ON FUNCTION gdpr.permitted(VARIADIC "any") FROM PUBLIC;
-- PostgreSQL runs a policy's functions with the privileges of whoever queries the table.
GRANT EXECUTE ON FUNCTION gdpr.permitted(VARIADIC "any") TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.restriction_guard() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_restriction_guard' LANGUAGE C;
COMMENT ON FUNCTION gdpr.restriction_guard() IS
    'Trigger that refuses changes of restricted people''s rows where row security does not: foreign keys that cascade, '
    'roles with BYPASSRLS, TRUNCATE. Superusers pass, and officers where they exercise a right or have stated a ground (Art. 18(2)).';
-- Whoever attaches a partition must be allowed to run the triggers that are cloned to it. It cannot be called otherwise.
GRANT EXECUTE ON FUNCTION gdpr.restriction_guard() TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.restriction_changed() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_restriction_changed' LANGUAGE C;
COMMENT ON FUNCTION gdpr.restriction_changed() IS
    'Trigger of the tables that say who may be processed: makes every session read them again.';
REVOKE ALL ON FUNCTION gdpr.restriction_changed() FROM PUBLIC;

-- For each row, since logical replication fires no triggers for each statement.
CREATE OR REPLACE TRIGGER restriction_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.restriction
    FOR EACH ROW EXECUTE FUNCTION gdpr.restriction_changed();
CREATE OR REPLACE TRIGGER restriction_emptied AFTER TRUNCATE ON gdpr.restriction
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.restriction_changed();
ALTER TABLE gdpr.restriction ENABLE ALWAYS TRIGGER restriction_changed;
ALTER TABLE gdpr.restriction ENABLE ALWAYS TRIGGER restriction_emptied;
CREATE OR REPLACE TRIGGER objection_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.objection
    FOR EACH ROW EXECUTE FUNCTION gdpr.restriction_changed();
CREATE OR REPLACE TRIGGER objection_emptied AFTER TRUNCATE ON gdpr.objection
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.restriction_changed();
ALTER TABLE gdpr.objection ENABLE ALWAYS TRIGGER objection_changed;
ALTER TABLE gdpr.objection ENABLE ALWAYS TRIGGER objection_emptied;
CREATE OR REPLACE TRIGGER role_purpose_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.role_purpose
    FOR EACH ROW EXECUTE FUNCTION gdpr.restriction_changed();
CREATE OR REPLACE TRIGGER role_purpose_emptied AFTER TRUNCATE ON gdpr.role_purpose
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.restriction_changed();
ALTER TABLE gdpr.role_purpose ENABLE ALWAYS TRIGGER role_purpose_changed;
ALTER TABLE gdpr.role_purpose ENABLE ALWAYS TRIGGER role_purpose_emptied;

CREATE OR REPLACE FUNCTION gdpr.restrict(subject_table regclass, key text, reason text, until timestamptz DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_restrict' LANGUAGE C;
COMMENT ON FUNCTION gdpr.restrict(regclass, text, text, timestamptz) IS
    'Restricts the processing of one person (Art. 18): subject table, primary key (a row literal when composite), why, '
    'and when it ends by itself. From the next statement on, in every session, the person''s rows in all tables of the '
    'graph are out of sight and reach of all but superusers and members of gdpr_officer who have stated a ground. '
    'Rows that labels same_person join are restricted with it, and so are those that are stored later. Several restrictions may stand side by side; the person is restricted while any does. Raises where there is no such person, or where a label must first say '
    'whose the rows of a table are. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.restrict(regclass, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.restrict(regclass, text, text, timestamptz) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.unrestrict(subject_table regclass, key text, reason text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_unrestrict' LANGUAGE C;
COMMENT ON FUNCTION gdpr.unrestrict(regclass, text, text) IS
    'Ends every restriction that was asked for a person, by whichever of their rows: subject table, primary key, why. What is retained of a '
    'forgotten person because the law says so stays restricted. The person is told through gdpr.outbox (Art. 18(3)). '
    'Raises where there is no such restriction. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.unrestrict(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.unrestrict(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE PROCEDURE gdpr.copy_from() AS 'MODULE_PATHNAME', 'gdpr_copy_from' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.copy_from() IS
    'Carries out a COPY FROM into a table under row security, in the place of the server, with the privileges of the '
    'role that copies. Raises when called by anything but COPY.';
GRANT EXECUTE ON PROCEDURE gdpr.copy_from() TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.state_ground(ground text, reason text, local boolean DEFAULT false)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_state_ground' LANGUAGE C;
COMMENT ON FUNCTION gdpr.state_ground(text, text, boolean) IS
    'States on which ground of Art. 18(2) this session sees and changes restricted people''s rows from now on: consent, '
    'legal_claims, rights_of_others or public_interest; and why. For the session, or with local for the transaction. A '
    'null ground ends it. Raises where the ground is none of these. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.state_ground(text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.state_ground(text, text, boolean) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.record_objection(subject_table regclass, key text, purpose text, reason text DEFAULT NULL,
                                                 automated boolean DEFAULT false)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_record_objection' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_objection(regclass, text, text, text, boolean) IS
    'Records that a person objects to a purpose (Art. 21), by each of their rows that labels same_person join: subject table, primary key, purpose, and why, if they say so. '
    'From the next statement on nobody sees them who processes for that purpose, pending verification (Art. 18(1)(d)). With '
    'automated, they object only to decisions made for it without a human (Art. 22), which gdpr.may_decide() tells. Returns '
    'the number of the objection, of the one there is already where there is. Raises where there is no such person or '
    'purpose. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.record_objection(regclass, text, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.record_objection(regclass, text, text, text, boolean) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.withdraw_objection(subject_table regclass, key text, purpose text,
                                                   automated boolean DEFAULT false)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_withdraw_objection' LANGUAGE C;
COMMENT ON FUNCTION gdpr.withdraw_objection(regclass, text, text, boolean) IS
    'Ends an objection because the person withdrew it: subject table, primary key, purpose, and automated as it was recorded. '
    'Raises where there is none in force. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.withdraw_objection(regclass, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.withdraw_objection(regclass, text, text, boolean) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.overrule_objection(subject_table regclass, key text, purpose text, ground text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_overrule_objection' LANGUAGE C;
COMMENT ON FUNCTION gdpr.overrule_objection(regclass, text, text, text) IS
    'Ends an objection because a compelling legitimate ground overrides it (Art. 21(1)): subject table, primary key, purpose, '
    'and the ground, which stays on record. The person is told. Raises where there is none in force, and for direct '
    'marketing, which nothing overrides. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.overrule_objection(regclass, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.overrule_objection(regclass, text, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.may_process(subject_table regclass, key text, purpose text DEFAULT NULL) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_may_process' LANGUAGE C STABLE;
COMMENT ON FUNCTION gdpr.may_process(regclass, text, text) IS
    'May a person''s data be processed now: they exist and are not restricted; and for a purpose, they do not object to it '
    'and, where its basis is consent, consented? Subject table, primary key, purpose (null: none in particular). Raises '
    'where there is no such purpose. Needs gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.may_process(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.may_process(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.may_decide(subject_table regclass, key text, purpose text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_may_decide' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.may_decide(regclass, text, text) IS
    'May a decision about a person be made without a human for a purpose (Art. 22): gdpr.purpose says that such are made for '
    'it, the person may be processed for it, and does not object to automated decisions? Subject table, primary key, '
    'purpose. Raises where there is no such purpose. Needs gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.may_decide(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.may_decide(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.assign_purpose(role regrole, purpose text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_assign_purpose' LANGUAGE C;
COMMENT ON FUNCTION gdpr.assign_purpose(regrole, text) IS
    'Ties a role, and whoever is a member of it, to a purpose: from then on it sees people''s tables only with gdpr.purpose '
    'set to it, or to another that it is tied to. A null purpose unties the role. Raises where there is no such purpose. '
    'Needs gdpr_admin; audited.';
REVOKE ALL ON FUNCTION gdpr.assign_purpose(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.assign_purpose(regrole, text) TO gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.guard_ddl() RETURNS event_trigger AS 'MODULE_PATHNAME', 'gdpr_guard_ddl' LANGUAGE C;
COMMENT ON FUNCTION gdpr.guard_ddl() IS
    'Event trigger that refuses, to all but members of gdpr_admin, what loosens the protection of a table: weakening a label, '
    'disabling, altering, renaming or dropping the triggers, policies and row security that gdpr.apply() made, taking away '
    'what tells whose the rows are; and to anyone a foreign key that would be validated without the hidden rows.';
REVOKE ALL ON FUNCTION gdpr.guard_ddl() FROM PUBLIC;
CREATE OR REPLACE FUNCTION gdpr.guard_drop() RETURNS event_trigger AS 'MODULE_PATHNAME', 'gdpr_guard_drop' LANGUAGE C;
COMMENT ON FUNCTION gdpr.guard_drop() IS
    'Event trigger that refuses, to all but members of gdpr_admin, to drop tables with people''s data while anyone is '
    'restricted; and that ends what is kept of the people of a dropped subject table, as when their rows are deleted.';
REVOKE ALL ON FUNCTION gdpr.guard_drop() FROM PUBLIC;
