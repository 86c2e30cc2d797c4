-- What went because its time was over: the proof of deletion. Counts, and nobody's data.
CREATE TABLE gdpr.expiry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation regclass NOT NULL,
    action text NOT NULL,
    ground text NOT NULL,
    rows bigint NOT NULL,
    began timestamptz NOT NULL DEFAULT clock_timestamp(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT session_user,
    event bigint
);
CREATE INDEX expiry_event ON gdpr.expiry (event) WHERE event IS NOT NULL;
COMMENT ON TABLE gdpr.expiry IS
    'What gdpr.expire() did, one row for each run, relation and action, and for each withdrawal (Art. 5(1)(e), 5(2)). People who were forgotten have '
    'their receipts in gdpr.erasure besides.';
COMMENT ON COLUMN gdpr.expiry.id IS 'Number of the receipt.';
COMMENT ON COLUMN gdpr.expiry.relation IS 'Whose rows; of people, their subject table.';
COMMENT ON COLUMN gdpr.expiry.action IS 'delete, anonymize, forget, finish erasure, erase after withdrawal.';
COMMENT ON COLUMN gdpr.expiry.ground IS 'time is over; kept until now; consent withdrawn.';
COMMENT ON COLUMN gdpr.expiry.rows IS 'How many rows, or people.';
COMMENT ON COLUMN gdpr.expiry.began IS 'When the first of them went.';
COMMENT ON COLUMN gdpr.expiry.at IS 'When the last of them went.';
COMMENT ON COLUMN gdpr.expiry.role IS 'Who had it done.';
COMMENT ON COLUMN gdpr.expiry.event IS 'The withdrawal in gdpr.consent_event that this answers.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.expiry', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.expiry_id_seq', '');
GRANT SELECT ON gdpr.expiry TO gdpr_officer, gdpr_auditor;
