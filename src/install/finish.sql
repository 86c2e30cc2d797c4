-- Nothing is anyone's until it is granted: what a room grants it has granted by now, PUBLIC holds nothing else.
CREATE FUNCTION gdpr.finish_install() RETURNS void AS 'MODULE_PATHNAME', 'gdpr_finish_install' LANGUAGE C STRICT;
SELECT gdpr.finish_install();
DROP FUNCTION gdpr.finish_install();
-- Event triggers know no CREATE OR REPLACE. From here on they watch, also over replicas.
CREATE EVENT TRIGGER gdpr_guard_ddl ON ddl_command_start
    WHEN TAG IN ('ALTER TABLE', 'ALTER TRIGGER', 'ALTER POLICY', 'CREATE TRIGGER', 'DROP POLICY', 'DROP TRIGGER', 'SECURITY LABEL')
    EXECUTE FUNCTION gdpr.guard_ddl();
ALTER EVENT TRIGGER gdpr_guard_ddl ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_guard_ddl IS 'Nobody but gdpr_admin loosens what gdpr.apply() made.';
CREATE EVENT TRIGGER gdpr_guard_drop ON sql_drop
    WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA', 'DROP OWNED', 'ALTER TABLE')
    EXECUTE FUNCTION gdpr.guard_drop();
ALTER EVENT TRIGGER gdpr_guard_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_guard_drop IS 'Tables with people''s data stay while anyone is restricted.';
