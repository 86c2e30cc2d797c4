-- Attack: a view of the audit log that belongs to an auditor.
-- only: applied
SELECT * FROM log_of_auditor;
