-- The audit log: who changed whose data, when, and from what to what.
CREATE SCHEMA au;
CREATE ROLE au_owner;
CREATE ROLE au_app;
CREATE ROLE au_clerk;
CREATE ROLE au_admin;
CREATE ROLE au_officer;
CREATE ROLE au_auditor;
GRANT gdpr_admin TO au_admin;
GRANT gdpr_officer TO au_officer;
GRANT gdpr_auditor TO au_auditor;
GRANT ALL ON SCHEMA au TO au_owner;
GRANT USAGE ON SCHEMA au TO au_app, au_clerk, au_admin, au_officer, au_auditor;
SET application_name = 'au test';
DELETE FROM gdpr.audit_record;
\set log 'SELECT dense_rank() OVER (ORDER BY id) AS change, role, relation, operation, key, changed, old, new, note FROM gdpr.audit_log ORDER BY id, key::text'
\set clear 'DELETE FROM gdpr.audit_record'

SET ROLE au_owner;
CREATE TABLE au.person (
    id int PRIMARY KEY, email text UNIQUE, name text, salary numeric(10, 2), born date, doc jsonb, tags int[], weight float8,
    shout text GENERATED ALWAYS AS (upper(name)) STORED, active boolean DEFAULT true, big bigint, small smallint
);
CREATE TABLE au.ticket (id int PRIMARY KEY, person_id int REFERENCES au.person ON DELETE CASCADE, body text);
CREATE TABLE au.reply (id int PRIMARY KEY, ticket_id int REFERENCES au.ticket ON DELETE CASCADE, body text);
CREATE TABLE au.seat (id int PRIMARY KEY, person_id int REFERENCES au.person ON DELETE SET NULL);
CREATE TABLE au.message (id int PRIMARY KEY, sender int REFERENCES au.person, receiver int REFERENCES au.person, body text);
CREATE TABLE au.visit (id int, person_id int REFERENCES au.person, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE au.visit_it PARTITION OF au.visit FOR VALUES IN ('it');
CREATE TABLE au.visit_de (region text NOT NULL, person_id int, id int NOT NULL);
ALTER TABLE au.visit ATTACH PARTITION au.visit_de FOR VALUES IN ('de');
CREATE TABLE au.device (id int PRIMARY KEY, mac text);
CREATE TABLE au.phone (model text) INHERITS (au.device);
CREATE TABLE au.quiet (id int PRIMARY KEY, person_id int REFERENCES au.person);
CREATE TABLE au.unrelated (id int);
SECURITY LABEL FOR gdpr ON TABLE au.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN au.person.email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN au.person.salary IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN au.ticket.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE au.message IS 'owned(sender), owned(receiver)';
SECURITY LABEL FOR gdpr ON COLUMN au.device.mac IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE au.quiet IS 'audit(off)';
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA au TO au_app, au_clerk;
RESET ROLE;

-- Every table of the graph and every labelled one, their partitions and children; not what is off, not the rest.
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
SET ROLE au_admin;
CALL gdpr.apply();
SELECT * FROM gdpr.plan() WHERE action LIKE '%audit%';
RESET ROLE;
SELECT tgrelid::regclass, tgname, tgenabled, tgparentid <> 0 AS cloned FROM pg_trigger
 WHERE tgname LIKE 'gdpr_audit%' ORDER BY tgrelid::regclass::text, tgname;

-- INSERT, UPDATE of what changes and of what does not, DELETE: values as to_jsonb gives them.
SET ROLE au_app;
INSERT INTO au.person VALUES (1, 'ada@example.it', 'Ada', 1200.50, '1990-02-03', '{"a": [1, {"b": null}]}', '{1,2}', 61.5, DEFAULT, true, 9007199254740993, 7),
    (2, NULL, NULL, 'NaN', 'infinity', '"word"', NULL, 'Infinity', DEFAULT, NULL, NULL, NULL);
RESET ROLE;
SELECT p.id, new = to_jsonb(p) AS as_to_jsonb FROM au.person p JOIN gdpr.audit_log l ON l.key = p.id::text ORDER BY p.id;
SET ROLE au_app;
UPDATE au.person SET name = 'Ada L.', email = 'ada@example.it', doc = '{"a": 1}' WHERE id = 1;
UPDATE au.person SET email = email, salary = 1200.50, name = 'Ada L.' WHERE id = 1;
UPDATE au.person SET email = NULL, salary = 1200.5 WHERE id = 1;
INSERT INTO au.device VALUES (1, '00:11:22');
UPDATE au.device SET mac = '00:11:33';
INSERT INTO au.quiet VALUES (1, 1);
INSERT INTO au.unrelated VALUES (1);
DELETE FROM au.person WHERE id = 2;
RESET ROLE;
:log;
SELECT (SELECT count(*) FROM jsonb_object_keys(new)) AS columns, session_role, application, address,
       transaction = pg_current_xact_id() AS this_transaction, subject_table
  FROM gdpr.audit_log WHERE key = '1' AND operation = 'INSERT' AND relation = 'au.person'::regclass;
:clear;

-- A plain UPDATE of everything else, through every statement that writes.
SET ROLE au_app;
INSERT INTO au.person (id, name) VALUES (1, 'Ada II') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name;
INSERT INTO au.person (id, name) VALUES (1, 'Ada III') ON CONFLICT (id) DO NOTHING;
INSERT INTO au.person (id, name) VALUES (3, 'Bob'), (4, 'Cyd');
MERGE INTO au.person p USING (VALUES (1, 'Ada IV'), (3, NULL), (5, 'Dan')) v (id, name) ON p.id = v.id
    WHEN MATCHED AND v.name IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET name = v.name
    WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.id, v.name);
WITH gone AS (DELETE FROM au.person WHERE id = 5 RETURNING id) INSERT INTO au.ticket SELECT id, 1, 'left' FROM gone;
RESET ROLE;
COPY au.ticket FROM stdin;
6	4	copied
7	4	copied too
\.
SELECT dense_rank() OVER (ORDER BY id) AS change, role, relation, operation, key, changed, old -> 'name' AS old, new -> 'name' AS new
  FROM gdpr.audit_log ORDER BY id;
:clear;

-- Foreign keys that cascade or set null: every row they reach, still the person's.
SET ROLE au_app;
INSERT INTO au.reply VALUES (1, 6, 'answer');
INSERT INTO au.seat VALUES (1, 4);
DELETE FROM au.person WHERE id = 4;
RESET ROLE;
:log;
:clear;

-- A row of two people: a record for each, one change. A row that changes hands: both of them.
SET ROLE au_app;
INSERT INTO au.person (id, name) VALUES (2, 'Bea'), (3, 'Cleo');
INSERT INTO au.message VALUES (1, 1, 2, 'hello');
UPDATE au.message SET receiver = 3;
UPDATE au.message SET body = 'goodbye';
DELETE FROM au.message;
RESET ROLE;
SELECT dense_rank() OVER (ORDER BY id) AS change, operation, key, changed, old, new
  FROM gdpr.audit_log WHERE relation = 'au.message'::regclass ORDER BY id, key::text;
:clear;

-- Partitions and inheritance children: recorded under the labelled table's name. A row that moves is deleted and inserted.
SET ROLE au_app;
INSERT INTO au.visit VALUES (1, 1, 'it'), (2, 2, 'de');
UPDATE au.visit SET person_id = 3 WHERE id = 2;
UPDATE au.visit SET region = 'de' WHERE id = 1;
DELETE FROM au.visit_de WHERE id = 2;
INSERT INTO au.phone VALUES (2, '00:44', 'Nokia');
UPDATE au.device SET mac = '00:55' WHERE id = 2;
RESET ROLE;
:log;
-- One that the owner attaches later is covered too, but for TRUNCATE until the next apply().
SET ROLE au_owner;
CREATE TABLE au.visit_fr PARTITION OF au.visit FOR VALUES IN ('fr');
RESET ROLE;
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
CALL gdpr.apply();
:clear;
INSERT INTO au.visit VALUES (9, 1, 'fr');
TRUNCATE au.visit_fr;
TRUNCATE au.visit;
TRUNCATE au.device CASCADE;
:log;
:clear;

-- Who: the session, and the role it acts as.
CREATE FUNCTION au.rename(int, text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS
    'UPDATE au.person SET name = $2 WHERE id = $1';
ALTER FUNCTION au.rename(int, text) OWNER TO au_clerk;
SET SESSION AUTHORIZATION au_app;
UPDATE au.person SET name = 'as app' WHERE id = 1;
SELECT au.rename(1, 'as definer');
RESET SESSION AUTHORIZATION;
SET ROLE au_clerk;
UPDATE au.person SET name = 'as clerk' WHERE id = 1;
RESET ROLE;
SELECT session_role = current_user AS mine, CASE session_role WHEN current_user THEN NULL ELSE session_role END AS session_role, role, new
  FROM gdpr.audit_log ORDER BY id;
:clear;

-- Rolled back with what it recorded; a savepoint likewise.
BEGIN;
UPDATE au.person SET name = 'one' WHERE id = 1;
SAVEPOINT s;
UPDATE au.person SET name = 'two' WHERE id = 1;
ROLLBACK TO s;
UPDATE au.person SET name = 'three' WHERE id = 1;
SELECT new, transaction = pg_current_xact_id() AS this_transaction FROM gdpr.audit_log ORDER BY id;
ROLLBACK;
SELECT count(*) FROM gdpr.audit_log;

-- Attack: triggers are switched off with the replication role.
SET session_replication_role = replica;
UPDATE au.person SET name = 'in silence' WHERE id = 1;
SET session_replication_role = DEFAULT;
SELECT operation, new FROM gdpr.audit_log;

-- A value too long for its page, changed and unchanged.
:clear;
UPDATE au.person SET doc = (SELECT jsonb_object_agg(g, md5(g::text)) FROM generate_series(1, 500) g) WHERE id = 1;
UPDATE au.person SET name = 'short' WHERE id = 1;
SELECT changed, length(old::text) AS old, length(new::text) AS new FROM gdpr.audit_log ORDER BY id;
:clear;

-- What json takes and jsonb does not; a type that only to_jsonb knows; a composite primary key.
CREATE TYPE au.size AS (width int, height numeric);
CREATE TABLE au.club (region text, number int, raw json, size au.size, at timestamptz, took interval, PRIMARY KEY (region, number));
SECURITY LABEL FOR gdpr ON TABLE au.club IS 'subject';
CALL gdpr.apply();
:clear;
SET timezone = 'Europe/Rome';
INSERT INTO au.club VALUES ('north, west', 1, '{"a": "\u0000", "a": 2}', '(1,2.50)', '2026-01-01 12:00+00', '1 day 02:00'),
    ('south', 2, '{"b": 1, "b": 2}', NULL, NULL, NULL);
RESET timezone;
SELECT key, new FROM gdpr.audit_log ORDER BY id;
:clear;

-- Attack: the values are read on disk. There is ciphertext only, of keys and of content.
UPDATE au.person SET name = 'Xanthippe Quux' WHERE id = 1;
SELECT new ->> 'name' AS name FROM gdpr.audit_log;
CHECKPOINT;
SELECT position('Quux'::bytea IN pg_read_binary_file(pg_relation_filepath('gdpr.audit_record'))) AS at;
SET gdpr.output = cipher;
SELECT left(textin(gdpr.encrypted_jsonb_out(content)), 18) AS content, left(textin(gdpr.encrypted_text_out(key)), 18) AS key
  FROM gdpr.audit_record;
RESET gdpr.output;

-- Looked up by person through an index, whose entries tell nothing.
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT old, new FROM gdpr.audit_log WHERE key = '1';
SELECT operation, key FROM gdpr.audit_log WHERE subject_table = 'au.person'::regclass AND key = '1';
SELECT count(*) FROM gdpr.audit_log WHERE key = '2';
RESET enable_seqscan;

-- Officers and auditors read the log. Attack: anyone else does, the owner of the table and the admin included.
SET ROLE au_officer;
SELECT count(*) FROM gdpr.audit_log;
SELECT count(*) FROM gdpr.audit_record;
SET ROLE au_auditor;
SELECT operation, key, new FROM gdpr.audit_log;
SET ROLE au_app;
SELECT * FROM gdpr.audit_log;
SELECT * FROM gdpr.audit_record;
SET ROLE au_owner;
SELECT * FROM gdpr.audit_log;
SET ROLE au_admin;
SELECT * FROM gdpr.audit_log;

-- Attack: the log is changed, by each who has any right at all.
SET ROLE au_admin;
DELETE FROM gdpr.audit_record;
TRUNCATE gdpr.audit_record;
SET ROLE au_officer;
UPDATE gdpr.audit_log SET role = 'someone else';
DELETE FROM gdpr.audit_log;
INSERT INTO gdpr.audit_log (operation) VALUES ('forged');
UPDATE gdpr.audit_record SET content = NULL;
SET ROLE au_auditor;
DELETE FROM gdpr.audit_record;
TRUNCATE gdpr.audit_record;
ALTER TABLE gdpr.audit_record ADD forged text;
DROP VIEW gdpr.audit_log;
CREATE RULE forge AS ON INSERT TO gdpr.audit_record DO INSTEAD NOTHING;
CREATE TRIGGER forge BEFORE INSERT ON gdpr.audit_record FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SET ROLE au_app;
INSERT INTO gdpr.audit_record (at) VALUES (now());
SELECT setval('gdpr.audit_record_id_seq', 1);
RESET ROLE;
SELECT grantee, privilege_type FROM information_schema.role_table_grants
 WHERE table_schema = 'gdpr' AND table_name IN ('audit_record', 'audit_log') AND grantee <> grantor ORDER BY 1, 2;

-- Attack: records are forged by calling the trigger functions, or by triggers of one's own: those record what happened
-- and nothing else, of no person, and go with the next apply().
:clear;
SET ROLE au_owner;
SELECT gdpr.audit_row();
SELECT gdpr.audit_truncate();
CREATE TRIGGER forged AFTER TRUNCATE ON au.unrelated EXECUTE FUNCTION gdpr.audit_truncate();
CREATE TRIGGER forged BEFORE INSERT ON au.unrelated FOR EACH ROW EXECUTE FUNCTION gdpr.audit_row();
INSERT INTO au.unrelated VALUES (2);
DROP TRIGGER forged ON au.unrelated;
CREATE TRIGGER forged AFTER INSERT ON au.unrelated FOR EACH ROW EXECUTE FUNCTION gdpr.audit_row('au.person', '1');
INSERT INTO au.unrelated VALUES (3);
RESET ROLE;
SELECT gdpr.audit_truncate();
:log;
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
CALL gdpr.apply();
SET ROLE au_owner;

-- The owner does not (see 68_undo); an admin may switch the triggers off, drop, rename or replace them. It cannot be hidden.
RESET ROLE;
GRANT gdpr_admin TO au_owner;
SET ROLE au_owner;
ALTER TABLE au.person DISABLE TRIGGER gdpr_audit;
ALTER TABLE au.visit_it DISABLE TRIGGER gdpr_audit;
ALTER TABLE au.ticket ENABLE TRIGGER gdpr_audit;
DROP TRIGGER gdpr_audit_truncate ON au.person;
ALTER TRIGGER gdpr_audit ON au.seat RENAME TO hidden;
DROP TRIGGER gdpr_audit ON au.message;
CREATE TRIGGER gdpr_audit AFTER INSERT ON au.message FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
RESET ROLE;
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
CALL gdpr.apply();
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
:clear;
UPDATE au.person SET name = 'seen again' WHERE id = 1;
SELECT operation, new FROM gdpr.audit_log;

-- A person is forgotten: their records keep that something was done, and to whom of theirs else; no value, no key, a
-- former key included, though somebody else bears it now.
:clear;
INSERT INTO au.person (id, name) VALUES (20, 'Eve'), (21, 'Fay');
INSERT INTO au.message VALUES (20, 20, 21, 'from Eve to Fay'), (21, 21, 21, 'Fay alone');
DELETE FROM au.message WHERE id = 20;
UPDATE au.person SET id = 22 WHERE id = 20;
INSERT INTO au.person (id, name) VALUES (20, 'Gil');
UPDATE au.person SET name = 'Eva' WHERE id = 22;
SET ROLE au_officer;
SELECT relation, action, rows FROM gdpr.forget('au.person', '22', 'asked') WHERE relation = 'gdpr.audit_record'::regclass;
SELECT dense_rank() OVER (ORDER BY id) AS change, relation, operation, key, changed, old, new ->> 'name' AS name, new ->> 'body' AS body, note IS NULL AS no_note
  FROM gdpr.audit_log WHERE relation IN ('au.person'::regclass, 'au.message'::regclass) ORDER BY id, key::text;
RESET ROLE;
DELETE FROM gdpr.erasure WHERE subject_table = 'au.person'::regclass;

-- Columns change their type under the triggers.
SECURITY LABEL FOR gdpr ON COLUMN au.person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN au.person.email IS NULL;
ALTER TABLE au.person DROP COLUMN shout;
CALL gdpr.apply();
:clear;
UPDATE au.person SET name = 'seen again', email = 'new@example.it' WHERE id = 1;
ALTER TABLE au.person ADD nick text DEFAULT 'ada';
UPDATE au.person SET nick = 'adina' WHERE id = 1;
SELECT changed, old, new FROM gdpr.audit_log ORDER BY id;

-- What is no longer declared is no longer recorded.
SECURITY LABEL FOR gdpr ON TABLE au.visit IS 'audit(off)';
SECURITY LABEL FOR gdpr ON COLUMN au.device.mac IS NULL;
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
CALL gdpr.apply();
:clear;
INSERT INTO au.visit VALUES (10, 1, 'fr');
INSERT INTO au.phone VALUES (3, '00:66', 'Nokia');
SELECT count(*) FROM gdpr.audit_log;
-- A partition or child that is labelled for itself, and then its parent again.
SECURITY LABEL FOR gdpr ON COLUMN au.phone.mac IS 'personal';
CALL gdpr.apply();
SECURITY LABEL FOR gdpr ON TABLE au.visit IS NULL;
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%audit%';
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE action LIKE '%audit%';

-- lastval() stays what the application's own statements have made it, in a session that seals for the first time too.
CREATE TABLE au.invoice (id int GENERATED BY DEFAULT AS IDENTITY (START 1000) PRIMARY KEY, person_id int REFERENCES au.person, payer text);
SECURITY LABEL FOR gdpr ON COLUMN au.invoice.payer IS 'personal, encrypted';
CALL gdpr.apply();
GRANT ALL ON au.invoice, au.invoice_id_seq TO au_app;
:clear;
\c -
SET ROLE au_app;
INSERT INTO au.invoice (payer) VALUES ('Ada');
SELECT lastval();
INSERT INTO au.invoice (payer) SELECT 'payer ' || g FROM generate_series(1, 300) g;
UPDATE au.invoice SET payer = 'Adina' WHERE id = 1000;
SELECT lastval();
RESET ROLE;
SELECT count(*), count(DISTINCT id), min(id) < max(id) FROM gdpr.audit_record;
:clear;
SET client_min_messages = warning;
RESET application_name;
DROP SCHEMA au CASCADE;
DROP ROLE au_owner, au_app, au_clerk, au_admin, au_officer, au_auditor;
