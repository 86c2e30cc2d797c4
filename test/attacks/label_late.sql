-- Attack: a plan that is kept while the label is put on.
-- as: postgres
-- only: bare
SECURITY LABEL FOR gdpr ON COLUMN person.email IS NULL;
SET SESSION AUTHORIZATION reader;
PREPARE p AS SELECT email FROM person WHERE id = $1;
EXECUTE p(0);
RESET SESSION AUTHORIZATION;
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal';
SET SESSION AUTHORIZATION reader;
EXECUTE p(1);
