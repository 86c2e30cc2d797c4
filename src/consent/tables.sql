-- Why data is processed, who agreed, and where data came from.
CREATE TYPE gdpr.lawful_basis AS ENUM
    ('consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', 'legitimate_interests');
COMMENT ON TYPE gdpr.lawful_basis IS 'The six lawful bases of Art. 6(1).';

CREATE TABLE gdpr.purpose (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    description text NOT NULL,
    basis gdpr.lawful_basis NOT NULL,
    retention interval,
    recipients text[] NOT NULL DEFAULT '{}',
    transfers text[] NOT NULL DEFAULT '{}',
    automated_decisions text,
    direct_marketing boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE gdpr.purpose IS
    'Purposes of processing (Art. 30); officers maintain it by plain SQL. Once consent was recorded for a purpose it '
    'can be neither deleted nor renamed: consent to one purpose must not become consent to another.';
COMMENT ON COLUMN gdpr.purpose.name IS 'As labels and settings write it.';
COMMENT ON COLUMN gdpr.purpose.description IS 'As the person is told.';
COMMENT ON COLUMN gdpr.purpose.basis IS 'Lawful basis (Art. 6(1)).';
COMMENT ON COLUMN gdpr.purpose.retention IS 'How long data is kept for it.';
COMMENT ON COLUMN gdpr.purpose.recipients IS 'Who receives the data.';
COMMENT ON COLUMN gdpr.purpose.transfers IS 'Third countries it is transferred to, and by which safeguard (Art. 30(1)(e)).';
COMMENT ON COLUMN gdpr.purpose.automated_decisions IS 'The logic of decisions made without a human (Art. 13(2)(f)); null: there are none.';
COMMENT ON COLUMN gdpr.purpose.direct_marketing IS 'Is it direct marketing? Then nothing overrides an objection (Art. 21(3)).';
SELECT pg_catalog.pg_extension_config_dump('gdpr.purpose', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.purpose TO gdpr_officer;
GRANT SELECT ON gdpr.purpose TO gdpr_auditor;

CREATE TABLE gdpr.controller (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    name text NOT NULL,
    contact text NOT NULL,
    representative text,
    protection_officer text,
    supervisory_authority text
);
COMMENT ON TABLE gdpr.controller IS
    'Who answers for the processing, as people are told (Art. 13(1)(a), 15); one row, maintained by officers by plain SQL.';
COMMENT ON COLUMN gdpr.controller.single IS 'Makes sure that there is one.';
COMMENT ON COLUMN gdpr.controller.name IS 'Name of the controller.';
COMMENT ON COLUMN gdpr.controller.contact IS 'Address, mail and telephone.';
COMMENT ON COLUMN gdpr.controller.representative IS 'Representative in the Union (Art. 27), where there is one.';
COMMENT ON COLUMN gdpr.controller.protection_officer IS 'Contact of the data protection officer (Art. 37), where there is one.';
COMMENT ON COLUMN gdpr.controller.supervisory_authority IS 'Where complaints go (Art. 77).';
SELECT pg_catalog.pg_extension_config_dump('gdpr.controller', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.controller TO gdpr_officer;
GRANT SELECT ON gdpr.controller TO gdpr_auditor;

-- No foreign key to gdpr.purpose: a parallel restore loads the two in any order. Functions and a trigger keep them together.
CREATE TABLE gdpr.consent_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text,
    purpose text NOT NULL,
    given boolean NOT NULL,
    evidence gdpr.encrypted_jsonb,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX consent_event_subject ON gdpr.consent_event (subject_table, key, purpose, id);
CREATE INDEX consent_event_purpose ON gdpr.consent_event (purpose);
COMMENT ON TABLE gdpr.consent_event IS 'Consent given and withdrawn, with its evidence (Art. 7). Append-only.';
COMMENT ON COLUMN gdpr.consent_event.id IS 'Order of the events.';
COMMENT ON COLUMN gdpr.consent_event.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.consent_event.key IS 'Primary key of the person; null once their row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.consent_event.purpose IS 'For what.';
COMMENT ON COLUMN gdpr.consent_event.given IS 'true: given. false: withdrawn.';
COMMENT ON COLUMN gdpr.consent_event.evidence IS 'What proves it: wording, source, address, agent; goes with the key.';
COMMENT ON COLUMN gdpr.consent_event.at IS 'When.';
COMMENT ON COLUMN gdpr.consent_event.role IS 'Who recorded it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_event', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_event_id_seq', '');
GRANT SELECT ON gdpr.consent_event TO gdpr_officer, gdpr_auditor;

-- The key stays of its encrypted type, so that a condition on it reaches the index.
CREATE VIEW gdpr.consent AS
    SELECT DISTINCT ON (subject_table, key, purpose) subject_table, key, purpose, given, at,
           evidence::jsonb AS evidence
      FROM gdpr.consent_event WHERE key IS NOT NULL
     ORDER BY subject_table, key, purpose, id DESC;
COMMENT ON VIEW gdpr.consent IS 'The state of consent of each person and purpose: the newest event.';
GRANT SELECT ON gdpr.consent TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.provenance_record (
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('webform', 'import', 'manual', 'api', 'integration')),
    name gdpr.encrypted_text,
    address gdpr.encrypted_text,
    at timestamptz NOT NULL,
    role name NOT NULL
);
CREATE INDEX provenance_record_subject ON gdpr.provenance_record (subject_table, key);
COMMENT ON TABLE gdpr.provenance_record IS
    'Where each person''s data came from first (Art. 14(2)(f)). Only the triggers write it; read it through gdpr.provenance.';
COMMENT ON COLUMN gdpr.provenance_record.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.provenance_record.key IS 'Primary key of the person.';
COMMENT ON COLUMN gdpr.provenance_record.kind IS 'webform, import, manual, api or integration.';
COMMENT ON COLUMN gdpr.provenance_record.name IS 'Which form, file, application, partner or role.';
COMMENT ON COLUMN gdpr.provenance_record.address IS 'Network address it came from.';
COMMENT ON COLUMN gdpr.provenance_record.at IS 'When: the beginning of the transaction.';
COMMENT ON COLUMN gdpr.provenance_record.role IS 'As whom it was stored.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.provenance_record', '');

CREATE VIEW gdpr.provenance AS
    SELECT subject_table, key, kind, name::text AS name, address::text::inet AS address, at, role
      FROM gdpr.provenance_record;
COMMENT ON VIEW gdpr.provenance IS
    'Where each person''s data came from first (Art. 14(2)(f)). A person without a row was there before gdpr.';
GRANT SELECT ON gdpr.provenance TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.disclosure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text,
    recipient text NOT NULL,
    purpose text,
    address gdpr.encrypted_text,
    reference gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX disclosure_subject ON gdpr.disclosure (subject_table, key);
COMMENT ON TABLE gdpr.disclosure IS 'Who received whose data, and when (Art. 15(1)(c), 19). gdpr.record_disclosure() writes it.';
COMMENT ON COLUMN gdpr.disclosure.id IS 'Order of the disclosures.';
COMMENT ON COLUMN gdpr.disclosure.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.disclosure.key IS 'Primary key of the person; null once their row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.disclosure.recipient IS 'Who received the data, by name.';
COMMENT ON COLUMN gdpr.disclosure.purpose IS 'For what.';
COMMENT ON COLUMN gdpr.disclosure.address IS 'Where the recipient is told that the data was rectified, restricted or erased.';
COMMENT ON COLUMN gdpr.disclosure.reference IS 'What the recipient knows the person by; goes with the key.';
COMMENT ON COLUMN gdpr.disclosure.at IS 'When.';
COMMENT ON COLUMN gdpr.disclosure.role IS 'Who recorded it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.disclosure', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.disclosure_id_seq', '');
GRANT SELECT ON gdpr.disclosure TO gdpr_officer, gdpr_auditor;
