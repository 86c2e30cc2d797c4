-- Labels follow what they name.
SET client_min_messages = warning;
CREATE ROLE gdpr_regress_renamer;
CREATE SCHEMA re AUTHORIZATION gdpr_regress_renamer;
CREATE SCHEMA "Other Place" AUTHORIZATION gdpr_regress_renamer;
SET search_path = re, public;
SET ROLE gdpr_regress_renamer;
CREATE TABLE contact (id int PRIMARY KEY, code text UNIQUE, email text, left_on date);
CREATE TABLE message (id int PRIMARY KEY, contact_id int, kind text, body text);
RESET ROLE;
CREATE TYPE public.re_kind AS ENUM ('contact', 'robot');
SET ROLE gdpr_regress_renamer;
CREATE TABLE call (id int PRIMARY KEY, contact_id int, kind public.re_kind, said text);
INSERT INTO call VALUES (1, 1, 'contact', 'hello'), (2, 1, 'robot', 'beep');
CREATE TABLE letter (id int PRIMARY KEY, code text, body text, sent date);
CREATE TYPE shape AS (contact_id int, what text);
CREATE TABLE typed OF shape;
INSERT INTO contact VALUES (1, 'a', 'ada@example.it', NULL), (2, 'b', 'bob@example.it', NULL);
INSERT INTO message VALUES (1, 1, 'contact', 'hello ada'), (2, 2, 'contact', 'hello bob'), (3, 1, 'robot', 'beep');
INSERT INTO letter VALUES (1, 'a', 'dear ada', '2020-01-01'), (2, 'b', 'dear bob', '2020-01-01');
INSERT INTO typed VALUES (1, 'ada'), (2, 'bob');
RESET ROLE;
SECURITY LABEL FOR gdpr ON TABLE contact IS 'subject, expires(left_on, 1 year)';
SECURITY LABEL FOR gdpr ON COLUMN contact.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON TABLE message IS 'owned(contact_id -> contact when kind = ''contact'')';
SECURITY LABEL FOR gdpr ON COLUMN message.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE call IS 'owned(contact_id -> contact when kind = ''contact'')';
SECURITY LABEL FOR gdpr ON COLUMN call.said IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE letter IS 'owned(code -> re.contact(code)), keep(10 years, sent, legal_obligation)';
SECURITY LABEL FOR gdpr ON COLUMN letter.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE typed IS 'owned(contact_id -> contact)';
SECURITY LABEL FOR gdpr ON COLUMN typed.what IS 'personal';
CALL gdpr.apply();
CREATE VIEW labels AS SELECT objoid::regclass::text AS relation, label FROM pg_seclabel
    WHERE provider = 'gdpr' AND objsubid = 0 AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('re'::regnamespace, '"Other Place"'::regnamespace));

-- Attack: a renamed column or table takes a person's rows out of the graph, and forgetting leaves them.
SET ROLE gdpr_regress_renamer;
ALTER TABLE message RENAME COLUMN contact_id TO "Person No";
ALTER TABLE message RENAME kind TO what;
ALTER TABLE contact RENAME COLUMN left_on TO gone_on;
ALTER TABLE contact RENAME COLUMN code TO short;
ALTER TABLE letter RENAME COLUMN sent TO posted;
ALTER TYPE shape RENAME ATTRIBUTE contact_id TO person_id CASCADE;
RESET ROLE;
SELECT * FROM labels ORDER BY 1;
SET ROLE gdpr_regress_renamer;
ALTER TABLE contact RENAME TO person;
ALTER TABLE contact RENAME TO person; -- an error notes nothing
RESET ROLE;
SELECT * FROM labels ORDER BY 1;
ALTER TABLE person SET SCHEMA "Other Place";
SELECT * FROM labels ORDER BY 1;
ALTER SCHEMA "Other Place" RENAME TO elsewhere;
DROP VIEW labels;
CREATE VIEW labels AS SELECT objoid::regclass::text AS relation, label FROM pg_seclabel
    WHERE provider = 'gdpr' AND objsubid = 0 AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('re'::regnamespace, 'elsewhere'::regnamespace));
SELECT * FROM labels ORDER BY 1;
-- Attack: the search_path of whoever renames something changes what a label means.
SET search_path = re, public, pg_catalog;
ALTER TABLE call RENAME COLUMN kind TO what;
SELECT label FROM labels WHERE relation = 'call';
SET search_path = re, public;
-- Attack: a condition that is broken, or a table that anybody labels, stops everyone.
ALTER TYPE public.re_kind RENAME VALUE 'robot' TO 'machine';
CREATE TABLE scrap (a int, b int);
SECURITY LABEL FOR gdpr ON TABLE scrap IS 'owned(a -> gone when b = ''z'')';
ALTER TABLE scrap RENAME COLUMN b TO c;
ALTER TABLE scrap RENAME TO scraps;
SELECT count(*) > 0 AS found FROM gdpr.access('elsewhere.person', '2');
CREATE TEMP TABLE mine (a int);
SECURITY LABEL FOR gdpr ON TABLE mine IS 'owned(a -> gone)';
DROP TABLE scraps;
-- A command that is rolled back takes them back.
BEGIN;
ALTER TABLE elsewhere.person RENAME TO nobody;
ROLLBACK;
SELECT label FROM labels WHERE relation = 'typed';
-- The policies are dumped and compared by their columns' numbers: nothing is to do.
SELECT * FROM gdpr.plan() WHERE relation::text ~ '^(re|elsewhere)\.' OR relation IN ('message'::regclass, 'letter'::regclass, 'typed'::regclass);
SELECT relation, kind, keys FROM gdpr.data_map WHERE subject_table = 'elsewhere.person'::regclass ORDER BY 1;
SELECT * FROM gdpr.forget('elsewhere.person', '1', 'request');
SELECT * FROM message ORDER BY id;
SELECT id, body FROM letter ORDER BY id;
TABLE typed;

-- Attack: a label that names what is gone takes the table out of the graph, and the next apply() its protection. Whose its
-- rows are is not known, so nobody is forgotten by halves.
SECURITY LABEL FOR gdpr ON TABLE typed IS 'owned(person_id -> elsewhere.person), owned(gone_id -> elsewhere.person)';
\set VERBOSITY default
SELECT * FROM gdpr.forget('elsewhere.person', '2', 'request');
SELECT relation, kind, remedy FROM gdpr.data_map WHERE kind = 'undecided';
CALL gdpr.apply('typed');
SELECT count(*) FROM pg_policy WHERE polrelid = 'typed'::regclass;
SECURITY LABEL FOR gdpr ON TABLE typed IS 'owned(person_id)';
SELECT gdpr.access('elsewhere.person', '2');
SECURITY LABEL FOR gdpr ON TABLE typed IS 'owned(person_id -> elsewhere.person)';
SELECT relation, action, rows FROM gdpr.forget('elsewhere.person', '2', 'request');

\set VERBOSITY terse
DROP TYPE public.re_kind CASCADE;
DROP SCHEMA re, elsewhere CASCADE;
DROP ROLE gdpr_regress_renamer;
