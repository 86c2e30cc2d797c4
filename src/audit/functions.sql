-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.audit_row() RETURNS trigger AS 'MODULE_PATHNAME', 'gdpr_audit_row' LANGUAGE C;
COMMENT ON FUNCTION gdpr.audit_row() IS
    'Records a changed row in the audit log, whoever changed it and however. apply() makes the trigger that calls it '
    '(Art. 5(2), 32).';
-- Whoever attaches a partition must be allowed to run the triggers that are cloned to it. It cannot be called otherwise,
-- and what a trigger of one's own makes it record is what happened.
GRANT EXECUTE ON FUNCTION gdpr.audit_row() TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.audit_truncate() RETURNS trigger AS 'MODULE_PATHNAME', 'gdpr_audit_truncate' LANGUAGE C;
COMMENT ON FUNCTION gdpr.audit_truncate() IS
    'Records a TRUNCATE in the audit log. apply() makes the trigger that calls it (Art. 5(2), 32).';
REVOKE ALL ON FUNCTION gdpr.audit_truncate() FROM PUBLIC;
