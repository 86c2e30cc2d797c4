-- Who is restricted, since when and why.
CREATE TABLE gdpr.restriction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('request', 'retention', 'hold')),
    reason gdpr.encrypted_text,
    since timestamptz NOT NULL DEFAULT now(),
    until timestamptz,
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX restriction_subject ON gdpr.restriction (subject_table, key);
COMMENT ON TABLE gdpr.restriction IS 'Restrictions of processing in force (Art. 18).';
COMMENT ON COLUMN gdpr.restriction.id IS 'Number of the restriction.';
COMMENT ON COLUMN gdpr.restriction.subject_table IS 'Subject table of the restricted person.';
COMMENT ON COLUMN gdpr.restriction.key IS 'Primary key of the restricted person.';
COMMENT ON COLUMN gdpr.restriction.kind IS 'request: the person asked. retention: kept of a forgotten person because the law says so. hold: legal claims.';
COMMENT ON COLUMN gdpr.restriction.reason IS 'Why, in the words of who restricted.';
COMMENT ON COLUMN gdpr.restriction.since IS 'When it began.';
COMMENT ON COLUMN gdpr.restriction.until IS 'When it ends by itself; null: until unrestrict().';
COMMENT ON COLUMN gdpr.restriction.role IS 'Who restricted.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.restriction', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.restriction_id_seq', '');
GRANT SELECT ON gdpr.restriction TO gdpr_officer, gdpr_auditor;
