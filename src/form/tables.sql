-- Forms that people fill in: consent forms, double opt-in, and the tokens in the links that they are sent.
CREATE TABLE gdpr.token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    use text NOT NULL CHECK (use IN ('consent', 'optin', 'portal', 'address')),
    key_id bigint NOT NULL,
    selector bigint NOT NULL,
    hash bytea NOT NULL,
    reference bigint,
    subject_table regclass,
    key gdpr.encrypted_text,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    changes gdpr.encrypted_jsonb
);
CREATE INDEX token_hash ON gdpr.token (key_id, selector);
CREATE INDEX token_subject ON gdpr.token (subject_table, key);
CREATE INDEX token_reference ON gdpr.token (use, reference);
CREATE INDEX token_expiry ON gdpr.token (expires_at);
COMMENT ON TABLE gdpr.token IS
    'The tokens in links that people were sent, as keyed hashes: whoever reads this table can answer for nobody. Nobody is '
    'granted anything on it.';
COMMENT ON COLUMN gdpr.token.id IS 'Number of the token.';
COMMENT ON COLUMN gdpr.token.use IS 'What it opens, and nothing else: a consent form, an opt-in, the portal, a change of address.';
COMMENT ON COLUMN gdpr.token.key_id IS 'Key of the hash.';
COMMENT ON COLUMN gdpr.token.selector IS 'The first eight bytes of the hash, by which it is looked up.';
COMMENT ON COLUMN gdpr.token.hash IS 'Keyed hash of the token, compared in constant time.';
COMMENT ON COLUMN gdpr.token.reference IS 'Which consent request or submission it is for.';
COMMENT ON COLUMN gdpr.token.subject_table IS 'Subject table of the person who was sent it.';
COMMENT ON COLUMN gdpr.token.key IS 'Primary key of the person who was sent it. The token goes with the person.';
COMMENT ON COLUMN gdpr.token.made_at IS 'When it was made: when its mail was rendered.';
COMMENT ON COLUMN gdpr.token.expires_at IS 'From then on it opens nothing.';
COMMENT ON COLUMN gdpr.token.used_at IS 'When it was spent.';
COMMENT ON COLUMN gdpr.token.changes IS 'What is corrected once the new address is confirmed.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.token', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.token_id_seq', '');

-- Counts wrong tokens in every session, whatever becomes of their transactions.
CREATE SEQUENCE gdpr.token_refusal;
COMMENT ON SEQUENCE gdpr.token_refusal IS 'The tenth of a second until which wrong tokens must wait, all sessions together.';

CREATE TABLE gdpr.consent_form (
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    locale text NOT NULL DEFAULT 'en' CHECK (locale ~ '^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$'),
    title text NOT NULL,
    introduction text NOT NULL DEFAULT '',
    template text NOT NULL DEFAULT 'consent_form' CHECK (template ~ '^consent_form'),
    reminder_template text NOT NULL DEFAULT 'consent_form_reminder' CHECK (reminder_template ~ '^consent_form'),
    waiting interval NOT NULL DEFAULT '14 days' CHECK (waiting > '0'),
    remind_after interval CHECK (remind_after > '0'),
    on_silence text NOT NULL DEFAULT 'nothing' CHECK (on_silence IN ('nothing', 'restrict', 'erase')),
    page text CHECK (page ~ '^https?://'),
    PRIMARY KEY (name, locale)
);
COMMENT ON TABLE gdpr.consent_form IS
    'Forms that ask people for consent (Art. 7); officers maintain them, and their questions, by plain SQL. A change is for '
    'those who are asked from then on.';
COMMENT ON COLUMN gdpr.consent_form.name IS 'What gdpr.send_consent_form() names.';
COMMENT ON COLUMN gdpr.consent_form.locale IS 'Language of the form, such as it or de-AT; a form may be there in several.';
COMMENT ON COLUMN gdpr.consent_form.title IS 'Heading of the page; may have merge fields, {{first_name}}.';
COMMENT ON COLUMN gdpr.consent_form.introduction IS 'What the page says before it asks; may have merge fields.';
COMMENT ON COLUMN gdpr.consent_form.template IS 'The mail, of gdpr.mail_template; its name begins with consent_form.';
COMMENT ON COLUMN gdpr.consent_form.reminder_template IS 'The mail that reminds; its name begins with consent_form.';
COMMENT ON COLUMN gdpr.consent_form.waiting IS 'How long an answer is awaited, and taken.';
COMMENT ON COLUMN gdpr.consent_form.remind_after IS 'When whoever did not answer is reminded, once; null: never.';
COMMENT ON COLUMN gdpr.consent_form.on_silence IS 'What becomes of whoever does not answer: nothing, restrict or erase.';
COMMENT ON COLUMN gdpr.consent_form.page IS 'Where the application answers the link; null: at gdpr.public_url.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_form', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.consent_form TO gdpr_officer;
GRANT SELECT ON gdpr.consent_form TO gdpr_auditor;

CREATE TABLE gdpr.consent_question (
    form text NOT NULL,
    locale text NOT NULL DEFAULT 'en',
    purpose text NOT NULL CHECK (purpose NOT IN ('token', 'born', 'age', 'adult', 'parent')),
    wording text NOT NULL CHECK (wording <> ''),
    version text NOT NULL DEFAULT '1',
    position integer NOT NULL DEFAULT 1,
    PRIMARY KEY (form, locale, purpose)
);
COMMENT ON TABLE gdpr.consent_question IS
    'What a consent form asks: each purpose by itself, with yes and no and neither chosen beforehand (Art. 4(11), 7(2)).';
COMMENT ON COLUMN gdpr.consent_question.form IS 'The form, of gdpr.consent_form.';
COMMENT ON COLUMN gdpr.consent_question.locale IS 'Its language.';
COMMENT ON COLUMN gdpr.consent_question.purpose IS 'For what, of gdpr.purpose; its basis is consent.';
COMMENT ON COLUMN gdpr.consent_question.wording IS 'The words that the person agrees to; may have merge fields.';
COMMENT ON COLUMN gdpr.consent_question.version IS 'Of the wording; kept as evidence, with the wording and its hash.';
COMMENT ON COLUMN gdpr.consent_question.position IS 'Order on the page.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_question', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.consent_question TO gdpr_officer;
GRANT SELECT ON gdpr.consent_question TO gdpr_auditor;

CREATE TABLE gdpr.consent_request (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    form text NOT NULL,
    locale text NOT NULL,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text,
    content jsonb NOT NULL,
    on_silence text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    role name NOT NULL DEFAULT session_user,
    remind_at timestamptz,
    waits_until timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    reminded_at timestamptz,
    answered_at timestamptz,
    lapsed_at timestamptz,
    problem text,
    mail bigint
);
CREATE INDEX consent_request_subject ON gdpr.consent_request (subject_table, key);
CREATE INDEX consent_request_waiting ON gdpr.consent_request (lapses_at) WHERE answered_at IS NULL AND lapsed_at IS NULL;
CREATE INDEX consent_request_reminder ON gdpr.consent_request (remind_at)
    WHERE answered_at IS NULL AND lapsed_at IS NULL AND reminded_at IS NULL;
COMMENT ON TABLE gdpr.consent_request IS
    'Who was sent which consent form, and what came of it. Answers are in gdpr.consent_event.';
COMMENT ON COLUMN gdpr.consent_request.id IS 'What gdpr.send_consent_form() returned.';
COMMENT ON COLUMN gdpr.consent_request.form IS 'The form.';
COMMENT ON COLUMN gdpr.consent_request.locale IS 'Its language.';
COMMENT ON COLUMN gdpr.consent_request.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.consent_request.key IS 'Primary key of the person; null once their row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.consent_request.content IS 'The form as it was when it was sent: what is shown and agreed to.';
COMMENT ON COLUMN gdpr.consent_request.on_silence IS 'What becomes of them without an answer: nothing, restrict or erase.';
COMMENT ON COLUMN gdpr.consent_request.at IS 'When it was sent.';
COMMENT ON COLUMN gdpr.consent_request.role IS 'Who sent it.';
COMMENT ON COLUMN gdpr.consent_request.remind_at IS 'When they are to be reminded.';
COMMENT ON COLUMN gdpr.consent_request.waits_until IS 'How long an answer is awaited.';
COMMENT ON COLUMN gdpr.consent_request.lapses_at IS 'When on_silence is carried out, or tried again.';
COMMENT ON COLUMN gdpr.consent_request.reminded_at IS 'When they were reminded.';
COMMENT ON COLUMN gdpr.consent_request.answered_at IS 'When they answered.';
COMMENT ON COLUMN gdpr.consent_request.lapsed_at IS 'When on_silence was carried out.';
COMMENT ON COLUMN gdpr.consent_request.problem IS 'Why on_silence could not be carried out, such as a legal hold, or a mail that never left; it is tried again.';
COMMENT ON COLUMN gdpr.consent_request.mail IS 'Number in gdpr.outbox of the mail that asked.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_request', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.consent_request_id_seq', '');
GRANT SELECT ON gdpr.consent_request TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.optin_form (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    target regclass NOT NULL,
    email_column name NOT NULL,
    purposes text[] NOT NULL DEFAULT '{}',
    columns name[],
    wordings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(wordings) = 'object'),
    version text NOT NULL DEFAULT '1',
    locale text NOT NULL DEFAULT '' CHECK (locale ~ '^([A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*)?$'),
    template text NOT NULL DEFAULT 'optin' CHECK (template ~ '^optin'),
    known_template text NOT NULL DEFAULT 'optin_known' CHECK (known_template ~ '^optin'),
    forgotten_template text NOT NULL DEFAULT 'optin_forgotten' CHECK (forgotten_template ~ '^optin'),
    valid interval NOT NULL DEFAULT '3 days' CHECK (valid > '0'),
    max_bytes integer NOT NULL DEFAULT 16384 CHECK (max_bytes > 0),
    mails_per_day integer NOT NULL DEFAULT 3 CHECK (mails_per_day > 0),
    submissions_per_hour integer NOT NULL DEFAULT 60 CHECK (submissions_per_hour > 0),
    page text CHECK (page ~ '^https?://')
);
COMMENT ON TABLE gdpr.optin_form IS
    'Forms by which strangers come into a subject table, once they have confirmed by mail; officers maintain them by plain SQL.';
COMMENT ON COLUMN gdpr.optin_form.name IS 'What gdpr.optin_submit() names.';
COMMENT ON COLUMN gdpr.optin_form.target IS 'The subject table that they are stored in, as its owner.';
COMMENT ON COLUMN gdpr.optin_form.email_column IS 'The column of their e-mail address, which the mail goes to.';
COMMENT ON COLUMN gdpr.optin_form.purposes IS 'The purposes, of gdpr.purpose, that they consent to by submitting and confirming.';
COMMENT ON COLUMN gdpr.optin_form.columns IS
    'The columns that a submission may fill; null: those labelled personal or sensitive and not derived, and email_column.';
COMMENT ON COLUMN gdpr.optin_form.wordings IS
    'By purpose, the words that the form shows and the person agrees to; where there are none, the description of the purpose.';
COMMENT ON COLUMN gdpr.optin_form.version IS 'Of the wordings; kept as evidence.';
COMMENT ON COLUMN gdpr.optin_form.locale IS 'Language of the form and of its mails; empty: that of mails for all languages.';
COMMENT ON COLUMN gdpr.optin_form.template IS 'The mail to whoever is new; its name begins with optin.';
COMMENT ON COLUMN gdpr.optin_form.known_template IS 'The mail to whoever is stored already; its name begins with optin.';
COMMENT ON COLUMN gdpr.optin_form.forgotten_template IS 'The mail to whoever asked to be forgotten; its name begins with optin.';
COMMENT ON COLUMN gdpr.optin_form.valid IS
    'How long a submission waits to be confirmed; then it is deleted, after a day at the earliest, since mails are counted.';
COMMENT ON COLUMN gdpr.optin_form.max_bytes IS 'A larger payload is refused.';
COMMENT ON COLUMN gdpr.optin_form.mails_per_day IS
    'So many mails go to one address in a day, whoever asks for them; further submissions are kept and no mail is sent.';
COMMENT ON COLUMN gdpr.optin_form.submissions_per_hour IS 'So many submissions are taken from one network address in an hour.';
COMMENT ON COLUMN gdpr.optin_form.page IS 'Where the application answers the link; null: at gdpr.public_url.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.optin_form', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.optin_form TO gdpr_officer;
GRANT SELECT ON gdpr.optin_form TO gdpr_auditor;

CREATE TABLE gdpr.optin_submission (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    form text NOT NULL,
    payload gdpr.encrypted_jsonb,
    purposes text[] NOT NULL,
    content jsonb NOT NULL,
    email_hash bytea NOT NULL,
    origin_hash bytea,
    address gdpr.encrypted_text,
    agent gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    subject_table regclass,
    key gdpr.encrypted_text
);
CREATE INDEX optin_submission_email ON gdpr.optin_submission (email_hash, at);
CREATE INDEX optin_submission_origin ON gdpr.optin_submission (origin_hash, at);
CREATE INDEX optin_submission_expiry ON gdpr.optin_submission (expires_at);
CREATE INDEX optin_submission_subject ON gdpr.optin_submission (subject_table, key);
COMMENT ON TABLE gdpr.optin_submission IS
    'What was submitted and waits to be confirmed: outside the tables of people, encrypted, and deleted when its time is over.';
COMMENT ON COLUMN gdpr.optin_submission.id IS 'What gdpr.optin_submit() returned.';
COMMENT ON COLUMN gdpr.optin_submission.form IS 'The form.';
COMMENT ON COLUMN gdpr.optin_submission.payload IS 'What was filled in; null once it is confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.purposes IS 'The purposes consented to, once it is confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.content IS 'The words, their version and language, as the form had them.';
COMMENT ON COLUMN gdpr.optin_submission.email_hash IS 'Keyed hash of the e-mail address, to count mails by.';
COMMENT ON COLUMN gdpr.optin_submission.origin_hash IS 'Keyed hash of the network address, to count submissions by.';
COMMENT ON COLUMN gdpr.optin_submission.address IS 'The network address that it came from, by the application''s word; null once it is confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.agent IS 'The browser, by the application''s word; null once it is confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.at IS 'When it was submitted.';
COMMENT ON COLUMN gdpr.optin_submission.expires_at IS 'Until then it can be confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.confirmed_at IS 'When it was confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.subject_table IS 'Where the person is stored, once they confirmed.';
COMMENT ON COLUMN gdpr.optin_submission.key IS 'Their primary key, once they confirmed.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.optin_submission', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.optin_submission_id_seq', '');
-- Not what was filled in: nobody has agreed to anything yet.
GRANT SELECT (id, form, purposes, content, at, expires_at, confirmed_at) ON gdpr.optin_submission TO gdpr_officer, gdpr_auditor;
