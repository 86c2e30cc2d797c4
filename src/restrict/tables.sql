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

-- No foreign keys: a parallel restore loads the tables in any order.
CREATE TABLE gdpr.objection (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text NOT NULL,
    purpose text NOT NULL,
    automated boolean NOT NULL DEFAULT false,
    reason gdpr.encrypted_text,
    since timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user,
    overruled_at timestamptz,
    ground gdpr.encrypted_text,
    overruled_by name
);
CREATE INDEX objection_subject ON gdpr.objection (subject_table, key);
COMMENT ON TABLE gdpr.objection IS 'Objections to processing (Art. 21); in force from when they are recorded until they are overruled.';
COMMENT ON COLUMN gdpr.objection.id IS 'Number of the objection.';
COMMENT ON COLUMN gdpr.objection.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.objection.key IS 'Primary key of the person.';
COMMENT ON COLUMN gdpr.objection.purpose IS 'The purpose they object to.';
COMMENT ON COLUMN gdpr.objection.automated IS 'Only to decisions made for it without a human (Art. 22).';
COMMENT ON COLUMN gdpr.objection.reason IS 'Why, in their words; null: they gave none.';
COMMENT ON COLUMN gdpr.objection.since IS 'When it was recorded.';
COMMENT ON COLUMN gdpr.objection.role IS 'Who recorded it.';
COMMENT ON COLUMN gdpr.objection.overruled_at IS 'When a compelling ground was found to override it (Art. 21(1)); null: it is in force.';
COMMENT ON COLUMN gdpr.objection.ground IS 'The compelling ground.';
COMMENT ON COLUMN gdpr.objection.overruled_by IS 'Who found it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.objection', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.objection_id_seq', '');
GRANT SELECT ON gdpr.objection TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.role_purpose (
    role regrole NOT NULL,
    purpose text NOT NULL,
    PRIMARY KEY (role, purpose)
);
COMMENT ON TABLE gdpr.role_purpose IS 'The purposes that roles, and whoever is a member of them, are tied to.';
COMMENT ON COLUMN gdpr.role_purpose.role IS 'The role.';
COMMENT ON COLUMN gdpr.role_purpose.purpose IS 'A purpose it may process personal data for.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.role_purpose', '');
GRANT SELECT ON gdpr.role_purpose TO gdpr_officer, gdpr_auditor, gdpr_admin;
