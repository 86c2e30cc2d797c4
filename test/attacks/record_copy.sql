-- Attack: COPY of the audit log's table, by who may read every table.
-- as: every_reader
-- only: applied
COPY gdpr.audit_record (content) TO STDOUT;
