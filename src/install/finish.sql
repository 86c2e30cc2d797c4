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
-- Of every command: what it drops by CASCADE may be anything.
CREATE EVENT TRIGGER gdpr_gate_guard ON ddl_command_start EXECUTE FUNCTION gdpr.gate_guard();
ALTER EVENT TRIGGER gdpr_gate_guard ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_gate_guard IS 'Gated roles have nothing computed from what they do not see.';
CREATE EVENT TRIGGER gdpr_gate_follow ON sql_drop EXECUTE FUNCTION gdpr.gate_follow();
ALTER EVENT TRIGGER gdpr_gate_follow ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_gate_follow IS 'Gate rules go with their column, and the foreign keys of gated columns stay.';
CREATE EVENT TRIGGER gdpr_gate_guard_function ON ddl_command_end
    WHEN TAG IN ('CREATE AGGREGATE', 'CREATE FUNCTION', 'CREATE PROCEDURE', 'ALTER FUNCTION', 'ALTER PROCEDURE', 'ALTER ROUTINE')
    EXECUTE FUNCTION gdpr.gate_guard_function();
ALTER EVENT TRIGGER gdpr_gate_guard_function ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_gate_guard_function IS 'Gated roles do not change what is computed from what they do not see.';
-- After the guards, by their names' order.
CREATE EVENT TRIGGER gdpr_keep_type_begin ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION gdpr.alter_type_begin();
ALTER EVENT TRIGGER gdpr_keep_type_begin ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_keep_type_begin IS 'Encrypted columns stay encrypted when their type changes.';
CREATE EVENT TRIGGER gdpr_keep_type_end ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION gdpr.alter_type_end();
ALTER EVENT TRIGGER gdpr_keep_type_end ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_keep_type_end IS 'What gdpr.apply() made stays when the type of a column changes.';
CREATE EVENT TRIGGER gdpr_keep_unlabelled ON ddl_command_start WHEN TAG IN ('SECURITY LABEL') EXECUTE FUNCTION gdpr.note_unlabelled();
ALTER EVENT TRIGGER gdpr_keep_unlabelled ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_keep_unlabelled IS 'Encrypted columns that lose their label are decrypted by the next gdpr.apply().';
CREATE EVENT TRIGGER gdpr_rename_begin ON ddl_command_start WHEN TAG IN ('ALTER TABLE', 'ALTER SCHEMA', 'ALTER TYPE', 'ALTER INDEX', 'ALTER VIEW', 'ALTER FOREIGN TABLE', 'ALTER MATERIALIZED VIEW', 'ALTER SEQUENCE')
    EXECUTE FUNCTION gdpr.rename_begin();
ALTER EVENT TRIGGER gdpr_rename_begin ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_rename_begin IS 'Labels follow what they name.';
CREATE EVENT TRIGGER gdpr_rename_end ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'ALTER SCHEMA', 'ALTER TYPE', 'ALTER INDEX', 'ALTER VIEW', 'ALTER FOREIGN TABLE', 'ALTER MATERIALIZED VIEW', 'ALTER SEQUENCE')
    EXECUTE FUNCTION gdpr.rename_end();
ALTER EVENT TRIGGER gdpr_rename_end ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER gdpr_rename_end IS 'Labels follow what they name.';
