-- Attack: a cursor on the audit log.
-- as: every_reader
-- only: applied
DECLARE c CURSOR FOR SELECT content FROM gdpr.audit_record;
FETCH ALL FROM c;
