-- Texts of mails. What the extension ships is not dumped; what an admin wrote or changed is, and goes before it.
CREATE TABLE gdpr.mail_template (
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_:]*$'),
    locale text NOT NULL DEFAULT '' CHECK (locale ~ '^([A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*)?$'),
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text,
    shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (name, locale, shipped)
);
COMMENT ON TABLE gdpr.mail_template IS
    'Texts of mails, with merge fields {{column}} (doc/mail.md). gdpr_admin adds its own by INSERT: one goes before the '
    'shipped one of the same name and locale until it is deleted.';
COMMENT ON COLUMN gdpr.mail_template.name IS 'What gdpr.outbox.template names.';
COMMENT ON COLUMN gdpr.mail_template.locale IS 'Language, such as it or de-AT; empty: for all that have none of their own.';
COMMENT ON COLUMN gdpr.mail_template.subject IS 'Subject line.';
COMMENT ON COLUMN gdpr.mail_template.body_text IS 'The mail as plain text.';
COMMENT ON COLUMN gdpr.mail_template.body_html IS 'The mail as HTML, its merge fields escaped; null: plain text alone.';
COMMENT ON COLUMN gdpr.mail_template.shipped IS 'Is it as the extension brings it?';
SELECT pg_catalog.pg_extension_config_dump('gdpr.mail_template', 'WHERE NOT shipped');
GRANT SELECT, DELETE, INSERT (name, locale, subject, body_text, body_html), UPDATE (subject, body_text, body_html)
    ON gdpr.mail_template TO gdpr_admin;
GRANT SELECT ON gdpr.mail_template TO gdpr_officer, gdpr_auditor;

-- What is to be told to whom. A row is an instruction, rendered when it is sent: no copy of anyone's data lies here.
-- C++ knows the first four columns by their place.
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
    role name NOT NULL DEFAULT session_user,
    parameters gdpr.encrypted_text,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'taken', 'sent', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    error text,
    message_id text
);
CREATE INDEX outbox_subject ON gdpr.outbox (subject_table, key);
CREATE INDEX outbox_state ON gdpr.outbox (state, next_attempt, id);
-- Of strangers, by whose address what waits for them is looked for when it turns out who they were.
CREATE INDEX outbox_stranger ON gdpr.outbox (template) WHERE address IS NOT NULL AND subject_table IS NULL;
COMMENT ON TABLE gdpr.outbox IS
    'Messages to be sent, each an instruction and not a text (Art. 12, 19), and those that were, for gdpr.mail_keep_days. '
    'Whoever listens on the channel gdpr is told of new ones.';
COMMENT ON COLUMN gdpr.outbox.id IS 'Order of the instructions.';
COMMENT ON COLUMN gdpr.outbox.template IS
    'What is told: erased, rectified, restricted, unrestricted to a recipient of data; restriction_lifted, objection_overruled or '
    'another of gdpr.mail_template to the person.';
COMMENT ON COLUMN gdpr.outbox.subject_table IS 'Subject table of the person that it is about.';
COMMENT ON COLUMN gdpr.outbox.key IS 'Primary key of the person that it is about; null once they are forgotten.';
COMMENT ON COLUMN gdpr.outbox.recipient IS 'Whom it goes to, by name, when not to the person.';
COMMENT ON COLUMN gdpr.outbox.address IS 'Where it goes, when not to the person; null once it is sent.';
COMMENT ON COLUMN gdpr.outbox.reference IS 'What the recipient knows the person by; null once it is sent.';
COMMENT ON COLUMN gdpr.outbox.attachment IS 'What is rendered and attached; null: nothing.';
COMMENT ON COLUMN gdpr.outbox.at IS 'When it was ordered.';
COMMENT ON COLUMN gdpr.outbox.role IS 'Who ordered it.';
COMMENT ON COLUMN gdpr.outbox.parameters IS 'Merge fields of this mail, a JSON object; null once it is sent.';
COMMENT ON COLUMN gdpr.outbox.state IS
    'queued; sending: by the worker; taken: by gdpr.take_mail(); sent: the mail server has taken it over; dead: given up, until '
    'gdpr.requeue_mail().';
COMMENT ON COLUMN gdpr.outbox.attempts IS 'How often it was tried.';
COMMENT ON COLUMN gdpr.outbox.next_attempt IS 'Not before then is it tried, or was it tried last.';
COMMENT ON COLUMN gdpr.outbox.sent_at IS 'When the mail server took it over.';
COMMENT ON COLUMN gdpr.outbox.error IS 'What the last attempt failed of, without personal data.';
COMMENT ON COLUMN gdpr.outbox.message_id IS 'Message-ID of the mail, the same at each attempt.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.outbox', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.outbox_id_seq', '');
GRANT SELECT ON gdpr.outbox TO gdpr_officer, gdpr_auditor;
