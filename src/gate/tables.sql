-- What each channel sees, and the roles in it. No foreign keys: a parallel restore loads the tables in any order.
CREATE TABLE gdpr.gate_rule (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    class text CHECK (class IN ('personal', 'sensitive')),
    relation regclass,
    column_name name,
    channel text NOT NULL,
    action text NOT NULL CHECK (action IN ('show', 'mask', 'hide', 'deny')),
    CHECK (num_nulls(class, relation) = 1 AND (relation IS NULL) = (column_name IS NULL))
);
COMMENT ON TABLE gdpr.gate_rule IS 'What happens to columns in channels; gdpr.gate_rules shows it.';
COMMENT ON COLUMN gdpr.gate_rule.id IS 'Number of the rule.';
COMMENT ON COLUMN gdpr.gate_rule.class IS 'The class of the columns; null: the rule is about one column.';
COMMENT ON COLUMN gdpr.gate_rule.relation IS 'The table of the column.';
COMMENT ON COLUMN gdpr.gate_rule.column_name IS 'The column.';
COMMENT ON COLUMN gdpr.gate_rule.channel IS 'The channel.';
COMMENT ON COLUMN gdpr.gate_rule.action IS 'show, mask, hide or deny.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.gate_rule', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.gate_rule_id_seq', '');
GRANT SELECT ON gdpr.gate_rule TO gdpr_officer, gdpr_auditor, gdpr_admin;

CREATE TABLE gdpr.channel_role (
    role regrole NOT NULL,
    channel text NOT NULL,
    PRIMARY KEY (role, channel)
);
COMMENT ON TABLE gdpr.channel_role IS 'The channels that roles, and whoever is a member of them, are in.';
COMMENT ON COLUMN gdpr.channel_role.role IS 'The role.';
COMMENT ON COLUMN gdpr.channel_role.channel IS 'A channel it is in.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.channel_role', '');
GRANT SELECT ON gdpr.channel_role TO gdpr_officer, gdpr_auditor, gdpr_admin;
