CREATE OR REPLACE FUNCTION gdpr.mail_template_check() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_mail_template_check' LANGUAGE C;
COMMENT ON FUNCTION gdpr.mail_template_check() IS
    'Trigger of gdpr.mail_template: refuses merge fields that are not closed and subjects of several lines; what is shipped '
    'stays as it is.';
REVOKE ALL ON FUNCTION gdpr.mail_template_check() FROM PUBLIC;
CREATE OR REPLACE TRIGGER check_template BEFORE INSERT OR UPDATE OR DELETE ON gdpr.mail_template
    FOR EACH ROW EXECUTE FUNCTION gdpr.mail_template_check();

CREATE OR REPLACE FUNCTION gdpr.send_mail(template text, subject_table regclass, key text, parameters jsonb DEFAULT NULL,
                                          not_before timestamptz DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_send_mail' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.send_mail(text, regclass, text, jsonb, timestamptz) IS
    'Queues a mail to a person''s own address, the one that their identifier columns hold; returns its number in gdpr.outbox. '
    'parameters: merge fields of this mail, and "locale". Rendered when it is sent, not before not_before. Raises where there '
    'is no such template or person, and where they have no address or several; audited; for gdpr_officer (Art. 12).';
REVOKE ALL ON FUNCTION gdpr.send_mail(text, regclass, text, jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.send_mail(text, regclass, text, jsonb, timestamptz) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.send_access(subject_table regclass, key text, public_key text DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_send_access' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.send_access(regclass, text, text) IS
    'Mails a person all that is held of them, to their own address: gdpr.export() with scope access as CSV, made when the mail '
    'is sent, and sealed by their armored OpenPGP public_key if one is given. Returns the mail''s number in gdpr.outbox. Raises '
    'as send_mail() and export() do; audited; for gdpr_officer (Art. 15).';
REVOKE ALL ON FUNCTION gdpr.send_access(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.send_access(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.send_export(subject_table regclass, key text, format text DEFAULT 'csv',
                                            public_key text DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_send_export' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.send_export(regclass, text, text, text) IS
    'Mails a person what they provided, to their own address, in a format of gdpr.export(), made when the mail is sent, and '
    'sealed by their armored OpenPGP public_key if one is given. Returns the mail''s number in gdpr.outbox. Raises as send_mail() '
    'and export() do; audited; for gdpr_officer (Art. 20).';
REVOKE ALL ON FUNCTION gdpr.send_export(regclass, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.send_export(regclass, text, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.send_rectification(subject_table regclass, key text, public_key text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_send_rectification' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.send_rectification(regclass, text, text) IS
    'Mails a person all that is held of them, as send_access() does, and asks them whether it is correct. Returns the mail''s '
    'number in gdpr.outbox. Raises as send_access() does; audited; for gdpr_officer (Art. 16).';
REVOKE ALL ON FUNCTION gdpr.send_rectification(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.send_rectification(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.requeue_mail(id bigint) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_requeue_mail' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.requeue_mail(bigint) IS
    'Queues a dead mail of gdpr.outbox anew, once what it died of is mended. Raises where there is none; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.requeue_mail(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.requeue_mail(bigint) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.take_mail(most integer DEFAULT 10)
    RETURNS TABLE (id bigint, sender text, address text, message bytea)
    AS 'MODULE_PATHNAME', 'gdpr_take_mail' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.take_mail(integer) IS
    'For those who send by their own means: renders mails that are due, the sender and address of the envelope with each, and '
    'gives them out. Whoever takes a mail acknowledges it by gdpr.acknowledge_mail(); after ten minutes it is given out again. '
    'LISTEN gdpr tells of new ones. Leave gdpr.smtp_url empty, or the worker sends them. For gdpr_mailer, who so reads all '
    'mails, their links included.';
REVOKE ALL ON FUNCTION gdpr.take_mail(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.take_mail(integer) TO gdpr_mailer;

CREATE OR REPLACE FUNCTION gdpr.acknowledge_mail(id bigint, code integer DEFAULT 250) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_acknowledge_mail' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.acknowledge_mail(bigint, integer) IS
    'What became of a mail of gdpr.take_mail(), as a mail server''s answer: 250 it was taken over, 4xx not now, 5xx never. Raises '
    'where no such mail was taken; for gdpr_mailer.';
REVOKE ALL ON FUNCTION gdpr.acknowledge_mail(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.acknowledge_mail(bigint, integer) TO gdpr_mailer;
