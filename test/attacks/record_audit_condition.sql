-- Attack: conditions on the audit log, none of its columns shown.
-- as: every_reader
-- only: applied
-- gated: nothing
-- tells: learned
UPDATE person SET email = 'x' WHERE id = 1;
SELECT 'learned: yes' FROM gdpr.audit_record WHERE content::jsonb @> '{"old": {"email": "zqx1@example.it"}}';
