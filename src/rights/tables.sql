-- Receipts of erasure, and what recognises a forgotten person who comes back. Neither says who they were.
CREATE TABLE gdpr.erasure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_table regclass NOT NULL,
    subject bytea NOT NULL,
    reason gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user,
    actions jsonb NOT NULL,
    person_rows integer NOT NULL DEFAULT 1
);
CREATE INDEX erasure_subject ON gdpr.erasure (subject);
COMMENT ON TABLE gdpr.erasure IS 'Receipts of erasure (Art. 17, 5(2)). They hold no personal data.';
COMMENT ON COLUMN gdpr.erasure.id IS 'Number of the receipt.';
COMMENT ON COLUMN gdpr.erasure.subject_table IS 'Subject table the person was in.';
COMMENT ON COLUMN gdpr.erasure.subject IS 'Keyed hash of table and key: recognises a second request for the same person.';
COMMENT ON COLUMN gdpr.erasure.reason IS 'Why, in the words of who erased.';
COMMENT ON COLUMN gdpr.erasure.at IS 'When.';
COMMENT ON COLUMN gdpr.erasure.role IS 'Who erased.';
COMMENT ON COLUMN gdpr.erasure.actions IS 'What was done in each relation, and to how many rows.';
COMMENT ON COLUMN gdpr.erasure.person_rows IS 'How many rows of subject tables the person was in; each has a receipt of this moment.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.erasure', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.erasure_id_seq', '');
GRANT SELECT ON gdpr.erasure TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.blocklist (
    hash bytea NOT NULL,
    kind text NOT NULL,
    normaliser integer NOT NULL,
    key_id bigint NOT NULL,
    ground text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    until timestamptz
);
CREATE INDEX blocklist_hash ON gdpr.blocklist (key_id, hash);
CREATE INDEX blocklist_until ON gdpr.blocklist (until) WHERE until IS NOT NULL;
COMMENT ON TABLE gdpr.blocklist IS 'Keyed hashes of the identifiers of forgotten people, to recognise them should they come back.';
COMMENT ON COLUMN gdpr.blocklist.hash IS 'HMAC-SHA256 of the normalised identifier; the identifier itself is nowhere.';
COMMENT ON COLUMN gdpr.blocklist.kind IS 'How it was normalised: email, phone or text.';
COMMENT ON COLUMN gdpr.blocklist.normaliser IS 'Version of the normalisation.';
COMMENT ON COLUMN gdpr.blocklist.key_id IS 'The key of the hash.';
COMMENT ON COLUMN gdpr.blocklist.ground IS 'Why it is kept.';
COMMENT ON COLUMN gdpr.blocklist.since IS 'When it was made.';
COMMENT ON COLUMN gdpr.blocklist.until IS 'When it lapses, and is deleted; null: never.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.blocklist', '');

CREATE TABLE gdpr.blocklist_rule (
    relation regclass NOT NULL,
    action text NOT NULL CHECK (action IN ('warn', 'reject', 'log'))
);
CREATE INDEX blocklist_rule_relation ON gdpr.blocklist_rule (relation);
COMMENT ON TABLE gdpr.blocklist_rule IS 'What gdpr.set_blocklist_action() said of tables.';
COMMENT ON COLUMN gdpr.blocklist_rule.relation IS 'The labelled table; its partitions and heirs follow.';
COMMENT ON COLUMN gdpr.blocklist_rule.action IS 'warn, reject or log.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.blocklist_rule', '');
GRANT SELECT ON gdpr.blocklist_rule TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.unblocking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason gdpr.encrypted_text NOT NULL,
    entries bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user
);
COMMENT ON TABLE gdpr.unblocking IS 'When identifiers were taken off the blocklist, and why; not which.';
COMMENT ON COLUMN gdpr.unblocking.id IS 'Order of the acts.';
COMMENT ON COLUMN gdpr.unblocking.reason IS 'Why, in the words of who did.';
COMMENT ON COLUMN gdpr.unblocking.entries IS 'How many entries went.';
COMMENT ON COLUMN gdpr.unblocking.at IS 'When.';
COMMENT ON COLUMN gdpr.unblocking.role IS 'Who did.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.unblocking', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.unblocking_id_seq', '');
GRANT SELECT ON gdpr.unblocking TO gdpr_officer, gdpr_auditor;
