-- Attack: the audit log, by who may read every table.
-- as: every_reader
-- only: applied
-- open: `pg_read_all_data`
UPDATE person SET email = 'x' WHERE id = 1;
SELECT content FROM gdpr.audit_record;
