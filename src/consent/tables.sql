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
    direct_marketing boolean NOT NULL DEFAULT false,
    special_condition text CHECK (special_condition IN
        ('explicit_consent', 'employment', 'vital_interests', 'nonprofit', 'made_public', 'legal_claims',
         'substantial_public_interest', 'health_care', 'public_health', 'archiving')),
    interests text,
    balancing_test text,
    consent_validity interval CHECK (consent_validity > '0'),
    child_age integer CHECK (child_age BETWEEN 13 AND 16),
    security text,
    basis_note text,
    CONSTRAINT legitimate_interests_need_a_balancing_test CHECK (basis <> 'legitimate_interests' OR coalesce(balancing_test, '') ~ '\S')
);
COMMENT ON TABLE gdpr.purpose IS
    'Purposes of processing (Art. 30); officers maintain it by plain SQL. Once consent or an objection was recorded for a '
    'purpose it can be neither deleted nor renamed: consent to one purpose must not become consent to another.';
COMMENT ON COLUMN gdpr.purpose.name IS 'As labels and settings write it.';
COMMENT ON COLUMN gdpr.purpose.description IS 'As the person is told.';
COMMENT ON COLUMN gdpr.purpose.basis IS 'Lawful basis (Art. 6(1)).';
COMMENT ON COLUMN gdpr.purpose.retention IS 'How long data is kept for it.';
COMMENT ON COLUMN gdpr.purpose.recipients IS 'Who receives the data.';
COMMENT ON COLUMN gdpr.purpose.transfers IS 'Third countries it is transferred to, and by which safeguard (Art. 30(1)(e)).';
COMMENT ON COLUMN gdpr.purpose.automated_decisions IS 'The logic of decisions made without a human (Art. 13(2)(f)); null: there are none.';
COMMENT ON COLUMN gdpr.purpose.direct_marketing IS 'Is it direct marketing? Then nothing overrides an objection (Art. 21(3)).';
COMMENT ON COLUMN gdpr.purpose.special_condition IS 'The condition of Art. 9(2) under which special categories of data are processed for it.';
COMMENT ON COLUMN gdpr.purpose.interests IS 'The legitimate interests pursued, as the person is told (Art. 13(1)(d)).';
COMMENT ON COLUMN gdpr.purpose.balancing_test IS 'How they were weighed against those of the people, and where that is on file (Art. 6(1)(f)).';
COMMENT ON COLUMN gdpr.purpose.consent_validity IS 'How long a consent is good for; null: until withdrawn. Consents given before a change keep what they had.';
COMMENT ON COLUMN gdpr.purpose.child_age IS 'Age below which a consent needs that of a parent (Art. 8): 16, or what the member state says; null: not offered to children.';
COMMENT ON COLUMN gdpr.purpose.security IS 'Technical and organisational measures (Art. 30(1)(g)).';
COMMENT ON COLUMN gdpr.purpose.basis_note IS 'Why the basis was last changed; required, and anew each time, to change it from consent.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.purpose', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.purpose TO gdpr_officer;
GRANT SELECT ON gdpr.purpose TO gdpr_auditor;

CREATE TABLE gdpr.controller (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    name text NOT NULL,
    contact text NOT NULL,
    representative text,
    protection_officer text,
    supervisory_authority text,
    time_zone text CHECK (time_zone IS NULL OR now() AT TIME ZONE time_zone IS NOT NULL)
);
COMMENT ON TABLE gdpr.controller IS
    'Who answers for the processing, as people are told (Art. 13(1)(a), 15); one row, maintained by officers by plain SQL.';
COMMENT ON COLUMN gdpr.controller.single IS 'Makes sure that there is one.';
COMMENT ON COLUMN gdpr.controller.name IS 'Name of the controller.';
COMMENT ON COLUMN gdpr.controller.contact IS 'Address, mail and telephone.';
COMMENT ON COLUMN gdpr.controller.representative IS 'Representative in the Union (Art. 27), where there is one.';
COMMENT ON COLUMN gdpr.controller.protection_officer IS 'Contact of the data protection officer (Art. 37), where there is one.';
COMMENT ON COLUMN gdpr.controller.supervisory_authority IS 'Where complaints go (Art. 77).';
COMMENT ON COLUMN gdpr.controller.time_zone IS 'Time zone that days end in, such as Europe/Rome; null: the server''s log_timezone.';
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
    role name NOT NULL DEFAULT session_user,
    until timestamptz,
    wording_sha256 bytea
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
COMMENT ON COLUMN gdpr.consent_event.until IS 'When it lapses by itself; null: when it is withdrawn.';
COMMENT ON COLUMN gdpr.consent_event.wording_sha256 IS 'SHA-256 of the wording in UTF-8; stays when the evidence goes.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_event', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_event_id_seq', '');
GRANT SELECT ON gdpr.consent_event TO gdpr_officer, gdpr_auditor;

-- The key stays of its encrypted type, so that a condition on it reaches the index.
CREATE VIEW gdpr.consent AS
    SELECT DISTINCT ON (subject_table, key, purpose) subject_table, key, purpose, given, at,
           evidence::jsonb AS evidence, until, given AND (until IS NULL OR until > now()) AS in_force
      FROM gdpr.consent_event WHERE key IS NOT NULL
     ORDER BY subject_table, key, purpose, id DESC;
COMMENT ON VIEW gdpr.consent IS 'The state of consent of each person and purpose: the newest event.';
GRANT SELECT ON gdpr.consent TO gdpr_officer, gdpr_auditor;

-- Like consent, without foreign keys and uniqueness.
CREATE TABLE gdpr.basis_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL CHECK (scope IN ('purpose', 'relation', 'person')),
    subject_table regclass,
    key gdpr.encrypted_text,
    purpose text NOT NULL,
    basis gdpr.lawful_basis,
    former gdpr.lawful_basis,
    note gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX basis_event_subject ON gdpr.basis_event (subject_table, key, purpose, id);
CREATE INDEX basis_event_purpose ON gdpr.basis_event (purpose);
COMMENT ON TABLE gdpr.basis_event IS
    'Lawful bases as they were set, one after the other: of a person, of all people of a subject table, or of a purpose '
    'itself (Art. 5(2), 6). Append-only; gdpr.set_basis() and changes of gdpr.purpose write it.';
COMMENT ON COLUMN gdpr.basis_event.id IS 'Order of the events.';
COMMENT ON COLUMN gdpr.basis_event.scope IS 'person; relation: everyone of a subject table; purpose: gdpr.purpose itself.';
COMMENT ON COLUMN gdpr.basis_event.subject_table IS 'Subject table; null for a purpose.';
COMMENT ON COLUMN gdpr.basis_event.key IS 'Primary key of the person; null for a relation, and once the person''s row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.basis_event.purpose IS 'For what.';
COMMENT ON COLUMN gdpr.basis_event.basis IS 'The basis from then on; null: that of the relation, or the purpose, again.';
COMMENT ON COLUMN gdpr.basis_event.former IS 'The basis in force until then.';
COMMENT ON COLUMN gdpr.basis_event.note IS 'Why; goes with the key.';
COMMENT ON COLUMN gdpr.basis_event.at IS 'When.';
COMMENT ON COLUMN gdpr.basis_event.role IS 'Who set it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.basis_event', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.basis_event_id_seq', '');
GRANT SELECT ON gdpr.basis_event TO gdpr_officer, gdpr_auditor;

CREATE VIEW gdpr.basis AS
    SELECT * FROM (SELECT DISTINCT ON (scope, subject_table, key, purpose)
                          scope, subject_table, key, purpose, basis, note::text AS note, at, role
                     FROM gdpr.basis_event WHERE scope = 'relation' OR key IS NOT NULL
                    ORDER BY scope, subject_table, key, purpose, id DESC) AS newest
     WHERE basis IS NOT NULL;
COMMENT ON VIEW gdpr.basis IS
    'Lawful bases that people, or all people of a subject table, have for a purpose instead of its own in gdpr.purpose.';
GRANT SELECT ON gdpr.basis TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.provenance_record (
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('webform', 'import', 'manual', 'api', 'integration')),
    name gdpr.encrypted_text,
    address gdpr.encrypted_text,
    at timestamptz NOT NULL,
    role name NOT NULL,
    line bigint,
    notice_due timestamptz,
    further boolean NOT NULL DEFAULT false
);
CREATE INDEX provenance_record_subject ON gdpr.provenance_record (subject_table, key);
-- Written below SQL, as catalogs are: no partial index.
CREATE INDEX provenance_record_notice ON gdpr.provenance_record (notice_due);
COMMENT ON TABLE gdpr.provenance_record IS
    'Where each person''s data came from (Art. 14(2)(f)). The triggers and gdpr.add_source() write it; read it through '
    'gdpr.provenance, gdpr.source_history and gdpr.notice_queue.';
COMMENT ON COLUMN gdpr.provenance_record.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.provenance_record.key IS 'Primary key of the person.';
COMMENT ON COLUMN gdpr.provenance_record.kind IS 'webform, import, manual, api or integration.';
COMMENT ON COLUMN gdpr.provenance_record.name IS 'Which form, file, application, partner or role.';
COMMENT ON COLUMN gdpr.provenance_record.address IS 'Network address it came from.';
COMMENT ON COLUMN gdpr.provenance_record.at IS 'When: the beginning of the transaction.';
COMMENT ON COLUMN gdpr.provenance_record.role IS 'As whom it was stored.';
COMMENT ON COLUMN gdpr.provenance_record.line IS 'Line of the imported file: as was said, or the record of the COPY, counted.';
COMMENT ON COLUMN gdpr.provenance_record.notice_due IS
    'By when the person is to be told, since their data were not obtained from them (Art. 14(3)); null: done, or need not be.';
COMMENT ON COLUMN gdpr.provenance_record.further IS 'Not the first source, which nothing overwrites.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.provenance_record', '');

CREATE VIEW gdpr.source_history AS
    SELECT subject_table, key, kind, name::text AS name, address::text::inet AS address, at, role, line, NOT further AS first
      FROM gdpr.provenance_record;
COMMENT ON VIEW gdpr.source_history IS 'Everything that is known of where people''s data came from, the first source and further ones.';
GRANT SELECT ON gdpr.source_history TO gdpr_officer, gdpr_auditor;

CREATE VIEW gdpr.notice_queue AS
    SELECT subject_table, key, kind, name::text AS name, at AS obtained_at, notice_due AS due_at,
           extract(day FROM notice_due - now())::integer AS days_left
      FROM gdpr.provenance_record WHERE notice_due IS NOT NULL;
COMMENT ON VIEW gdpr.notice_queue IS
    'People whose data were not obtained from them (import, api, integration) and who are to be told within a month '
    '(Art. 14(3)(a)); gdpr.record_notice() takes them off.';
GRANT SELECT ON gdpr.notice_queue TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.notice (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text,
    article text NOT NULL CHECK (article IN ('13', '14')),
    document text NOT NULL,
    channel text,
    exemption text,
    at timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX notice_subject ON gdpr.notice (subject_table, key);
COMMENT ON TABLE gdpr.notice IS 'Which privacy notice people were given, and when (Art. 13, 14). gdpr.record_notice() writes it.';
COMMENT ON COLUMN gdpr.notice.id IS 'Order of the notices.';
COMMENT ON COLUMN gdpr.notice.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.notice.key IS 'Primary key of the person; null once their row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.notice.article IS '13: data obtained from the person. 14: not from them.';
COMMENT ON COLUMN gdpr.notice.document IS 'Which notice, in which version.';
COMMENT ON COLUMN gdpr.notice.channel IS 'How: mail, letter, with the form, ….';
COMMENT ON COLUMN gdpr.notice.exemption IS 'Why none was given (Art. 13(4), 14(5)); null: it was.';
COMMENT ON COLUMN gdpr.notice.at IS 'When.';
COMMENT ON COLUMN gdpr.notice.role IS 'Who recorded it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.notice', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.notice_id_seq', '');
GRANT SELECT ON gdpr.notice TO gdpr_officer, gdpr_auditor;

CREATE VIEW gdpr.provenance AS
    SELECT subject_table, key, kind, name::text AS name, address::text::inet AS address, at, role, line
      FROM gdpr.provenance_record WHERE NOT further;
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
