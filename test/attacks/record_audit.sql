-- Attack: the table below the audit log.
-- as: every_reader
-- only: applied
UPDATE person SET email = 'x' WHERE id = 1;
SELECT content FROM gdpr.audit_record;
