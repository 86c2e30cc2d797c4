-- What is to be told to whom. A row is an instruction, rendered when it is sent: no copy of anyone's data lies here.
CREATE TABLE gdpr.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    template text NOT NULL,
    subject_table regclass,
    key gdpr.encrypted_text,
    recipient text,
    address gdpr.encrypted_text,
    reference gdpr.encrypted_text,
    attachment text,
    at timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX outbox_subject ON gdpr.outbox (subject_table, key);
COMMENT ON TABLE gdpr.outbox IS
    'Messages to be sent, each an instruction and not a text (Art. 12, 19). Whoever listens on the channel gdpr is told of '
    'new ones.';
COMMENT ON COLUMN gdpr.outbox.id IS 'Order of the instructions.';
COMMENT ON COLUMN gdpr.outbox.template IS
    'What is told: erased, rectified, restricted, unrestricted to a recipient of data; restriction_lifted, objection_overruled or '
    'another template to the person.';
COMMENT ON COLUMN gdpr.outbox.subject_table IS 'Subject table of the person that it is about.';
COMMENT ON COLUMN gdpr.outbox.key IS 'Primary key of the person that it is about; null once they are forgotten.';
COMMENT ON COLUMN gdpr.outbox.recipient IS 'Whom it goes to, by name, when not to the person.';
COMMENT ON COLUMN gdpr.outbox.address IS 'Where it goes, when not to the person.';
COMMENT ON COLUMN gdpr.outbox.reference IS 'What the recipient knows the person by.';
COMMENT ON COLUMN gdpr.outbox.attachment IS 'What is rendered and attached; null: nothing.';
COMMENT ON COLUMN gdpr.outbox.at IS 'When it was ordered.';
COMMENT ON COLUMN gdpr.outbox.role IS 'Who ordered it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.outbox', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.outbox_id_seq', '');
GRANT SELECT ON gdpr.outbox TO gdpr_officer, gdpr_auditor;
