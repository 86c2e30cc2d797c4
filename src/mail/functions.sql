CREATE OR REPLACE FUNCTION gdpr.mail_template_check() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_mail_template_check' LANGUAGE C;
COMMENT ON FUNCTION gdpr.mail_template_check() IS
    'Trigger of gdpr.mail_template: refuses merge fields that are not closed and subjects of several lines; what is shipped '
    'stays as it is.';
REVOKE ALL ON FUNCTION gdpr.mail_template_check() FROM PUBLIC;
CREATE OR REPLACE TRIGGER check_template BEFORE INSERT OR UPDATE OR DELETE ON gdpr.mail_template
    FOR EACH ROW EXECUTE FUNCTION gdpr.mail_template_check();
