-- Attack: the audit log copied into a table of one's own.
-- as: every_reader
-- only: applied
-- gated: refused
CREATE TABLE mine AS SELECT content::jsonb FROM gdpr.audit_record;
SELECT * FROM mine;
