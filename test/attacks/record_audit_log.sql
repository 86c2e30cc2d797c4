-- Attack: the audit log, by who may read every table.
-- as: every_reader
-- only: applied
UPDATE person SET email = 'x' WHERE id = 1;
SELECT old FROM gdpr.audit_log WHERE relation = 'person'::regclass;
