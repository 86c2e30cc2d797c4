-- Labels: what is accepted, what is refused, and that every session knows at once.
\set VERBOSITY default
CREATE SCHEMA lab;
CREATE TABLE lab.person (id int PRIMARY KEY, email text, note text);
CREATE TABLE lab.paper (id int PRIMARY KEY, author int REFERENCES lab.person, title text);

SECURITY LABEL FOR gdpr ON TABLE lab.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'owned(author), keep(10 years, title, legal_obligation)';
SELECT objtype, objname, label FROM pg_seclabels WHERE provider = 'gdpr' AND objname LIKE 'lab.%' ORDER BY 2;

-- Relabelling replaces, NULL removes.
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'sensitive';
SELECT label FROM pg_seclabels WHERE provider = 'gdpr' AND objname = 'lab.person.note';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS NULL;
SELECT count(*) FROM pg_seclabels WHERE provider = 'gdpr' AND objname = 'lab.person.note';

-- Bad labels are refused when they are set, with the place and what was expected.
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'personel';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'personal, sensitive';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'personal, encrypted(always)';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'encrypted';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'owned(author)';
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS '';
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'owned(author';
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'keep(10 years, title, whim)';

-- Only tables and their columns carry labels.
CREATE VIEW lab.everyone AS SELECT * FROM lab.person;
SECURITY LABEL FOR gdpr ON VIEW lab.everyone IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN lab.everyone.email IS 'personal';
SECURITY LABEL FOR gdpr ON SCHEMA lab IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE pg_catalog.pg_class IS 'subject';

-- Only the owner labels.
CREATE ROLE lab_stranger;
GRANT USAGE ON SCHEMA lab TO lab_stranger;
GRANT ALL ON lab.person TO lab_stranger;
SET ROLE lab_stranger;
SECURITY LABEL FOR gdpr ON TABLE lab.person IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN lab.person.email IS 'personal';
RESET ROLE;

-- What a label names is checked by plan(), not when it is set: a restore sets labels first.
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'owned(author), keep(10 years, issued_on, legal_obligation)';
SELECT * FROM gdpr.plan();
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'owned(author), expires(gone_on)';
SELECT * FROM gdpr.plan();
SECURITY LABEL FOR gdpr ON TABLE lab.paper IS 'owned(author)';

-- A rolled-back label was never there.
BEGIN;
SECURITY LABEL FOR gdpr ON COLUMN lab.person.note IS 'personal, encrypted';
SELECT count(*) FROM gdpr.plan() WHERE action = 'encrypt columns' AND statement LIKE '%note%';
ROLLBACK;
SELECT count(*) FROM gdpr.plan() WHERE action = 'encrypt columns' AND statement LIKE '%note%';

SET client_min_messages = warning;
DROP SCHEMA lab CASCADE;
DROP ROLE lab_stranger;
