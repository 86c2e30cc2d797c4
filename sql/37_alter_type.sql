-- ALTER TABLE ... ALTER COLUMN ... TYPE, as migrations write it after gdpr.apply().
SET client_min_messages = warning;
CREATE ROLE gdpr_regress_migrator;
CREATE ROLE gdpr_regress_stranger;
CREATE SCHEMA migrated AUTHORIZATION gdpr_regress_migrator;
SET search_path = migrated, public;
SET ROLE gdpr_regress_migrator;
CREATE TABLE contact (id int PRIMARY KEY, email varchar(40) UNIQUE, name varchar(20) DEFAULT 'nobody', pay numeric(10, 2),
    born date, plain varchar(20));
CREATE TABLE note (id int PRIMARY KEY, contact_id int REFERENCES contact, body varchar(50));
CREATE TABLE visit (id int, contact_id int, place varchar(20)) PARTITION BY RANGE (id);
CREATE TABLE visit_low PARTITION OF visit FOR VALUES FROM (0) TO (100);
INSERT INTO contact VALUES (1, 'ada@example.it', 'Ada Lovelace', 12.34, '1815-12-10', 'p'),
    (2, 'bob@example.it', 'Bob', 99.99, '1970-01-01', 'q');
INSERT INTO note VALUES (1, 1, 'met');
INSERT INTO visit VALUES (1, 1, 'Rome');
RESET ROLE;
SECURITY LABEL FOR gdpr ON TABLE contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.pay IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.born IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE note IS 'owned(contact_id -> contact)';
SECURITY LABEL FOR gdpr ON COLUMN note.body IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE visit IS 'owned(contact_id -> contact)';
SECURITY LABEL FOR gdpr ON COLUMN visit.place IS 'personal, encrypted';
CALL gdpr.apply();

CREATE VIEW types AS SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
   WHERE c.relnamespace = 'migrated'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0;
-- What apply() made.
CREATE VIEW parts AS SELECT tgrelid::regclass::text AS relation, tgname AS part, tgenabled::text AS state, pg_get_triggerdef(oid) AS definition
    FROM pg_trigger WHERE tgname LIKE 'gdpr%' AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'migrated'::regnamespace)
    UNION ALL SELECT polrelid::regclass::text, polname, polpermissive::text, pg_get_expr(polqual, polrelid)
    FROM pg_policy WHERE polrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'migrated'::regnamespace);
CREATE TABLE parts_before AS TABLE parts;

-- Attack: plaintext on disk by a migration that writes the plain type.
SET ROLE gdpr_regress_migrator;
ALTER TABLE contact ALTER COLUMN name TYPE varchar(80);
ALTER TABLE contact ALTER COLUMN email TYPE varchar(80), ALTER pay SET DATA TYPE bigint, ALTER born TYPE timestamp, ALTER plain TYPE text;
ALTER TABLE contact ALTER COLUMN name TYPE text USING upper(name);
ALTER TABLE note ALTER COLUMN body TYPE text;
ALTER TABLE visit ALTER COLUMN place TYPE text;
RESET ROLE;
SELECT * FROM types WHERE relname <> 'parts_before' AND attname NOT LIKE '%id' ORDER BY 1, 2;
SELECT * FROM contact ORDER BY id;
INSERT INTO contact (id) VALUES (3) RETURNING name;
SELECT body FROM note;
SELECT place, tableoid::regclass FROM visit;

-- The keys that policies and triggers name.
SET ROLE gdpr_regress_migrator;
ALTER TABLE contact ALTER COLUMN id TYPE bigint;
ALTER TABLE note ALTER COLUMN contact_id TYPE bigint;
ALTER TABLE visit ALTER COLUMN contact_id TYPE bigint;
ALTER TABLE contact ALTER COLUMN email TYPE text COLLATE "C";
RESET ROLE;
SELECT * FROM types WHERE attname LIKE '%id' OR attname = 'email' ORDER BY 1, 2;
TABLE parts EXCEPT TABLE parts_before;
TABLE parts_before EXCEPT TABLE parts;
SELECT * FROM gdpr.plan() WHERE relation::text LIKE 'migrated.%';
-- They are in force.
SELECT gdpr.restrict('contact', '2', 'migration');
SET ROLE gdpr_regress_migrator;
SELECT id, email FROM contact ORDER BY id;
RESET ROLE;

-- In a function, over and over: the plan that is kept still says what was written.
CREATE PROCEDURE widen() LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE migrated.contact ALTER COLUMN name TYPE varchar(30);
    ALTER TABLE migrated.contact ALTER COLUMN id TYPE int;
    ALTER TABLE migrated.contact ALTER COLUMN name TYPE varchar(60);
    ALTER TABLE migrated.contact ALTER COLUMN id TYPE bigint;
END $$;
CALL widen();
CALL widen();
SELECT * FROM types WHERE relname = 'contact' AND attname = 'name';
TABLE parts EXCEPT TABLE parts_before;
TABLE parts_before EXCEPT TABLE parts;

-- Attack: a command within the command, rolled back by the owner's own function, takes the protection along.
SET ROLE gdpr_regress_migrator;
CREATE TABLE other (x int);
CREATE FUNCTION undoing(id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        ALTER TABLE migrated.other ADD COLUMN y int;
        RAISE 'undone';
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    RETURN id;
END $$;
ALTER TABLE contact ALTER COLUMN id TYPE bigint USING undoing(id);
BEGIN;
SAVEPOINT s;
ALTER TABLE contact ALTER COLUMN id TYPE bigint USING 1 / 0;
ROLLBACK TO s;
ALTER TABLE other ADD COLUMN y int;
COMMIT;
RESET ROLE;
TABLE parts EXCEPT TABLE parts_before;
TABLE parts_before EXCEPT TABLE parts;

-- Errors are PostgreSQL's, and leave all as it was.
SET ROLE gdpr_regress_migrator;
\set VERBOSITY default
ALTER TABLE contact ALTER COLUMN name TYPE varchar(2);
ALTER TABLE contact ALTER COLUMN name TYPE int;
\set VERBOSITY sqlstate
ALTER TABLE contact ALTER COLUMN name TYPE nothing;
\set VERBOSITY default
ALTER TABLE contact ALTER COLUMN nothing TYPE text;
ALTER TABLE IF EXISTS nothing ALTER COLUMN name TYPE text;
ALTER TABLE contact ALTER COLUMN id TYPE bigint USING 1 / 0;
ALTER TABLE contact ALTER COLUMN name DROP DEFAULT, ALTER COLUMN name TYPE int4range USING NULL;
-- Attack: whoever may not alter a table does not unmake its protection for a moment either.
GRANT USAGE ON SCHEMA migrated TO gdpr_regress_stranger;
SET ROLE gdpr_regress_stranger;
ALTER TABLE migrated.contact ALTER COLUMN id TYPE int;
RESET ROLE;
SELECT * FROM types WHERE relname = 'contact' ORDER BY 2;
TABLE parts EXCEPT TABLE parts_before;
TABLE parts_before EXCEPT TABLE parts;

-- Who takes the word from the label first gets the plain type; who names the encrypted one gets that.
ALTER TABLE contact ALTER COLUMN pay TYPE gdpr.encrypted_numeric(8, 1);
SECURITY LABEL FOR gdpr ON COLUMN note.body IS 'personal';
ALTER TABLE note ALTER COLUMN body TYPE varchar(9);
SELECT * FROM types WHERE attname IN ('body', 'pay') ORDER BY 1;
SELECT * FROM gdpr.plan() WHERE relation::text LIKE 'migrated.%';

SELECT gdpr.unrestrict('contact', '2', 'end');
\set VERBOSITY terse
DROP SCHEMA migrated CASCADE;
DROP ROLE gdpr_regress_migrator, gdpr_regress_stranger;

-- Attack: a copy of an encrypted table, which has no labels, is written in plaintext by the next apply().
CREATE TABLE original (id int PRIMARY KEY, secret text);
SECURITY LABEL FOR gdpr ON COLUMN original.secret IS 'personal, encrypted';
INSERT INTO original VALUES (1, 'known to few');
CALL gdpr.apply();
CREATE TABLE copied AS TABLE original;
CREATE TABLE liked (LIKE original INCLUDING ALL);
CREATE TABLE by_hand (secret gdpr.encrypted_text);
CALL gdpr.apply();
SELECT attrelid::regclass, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = 'secret' AND attrelid IN
    ('copied'::regclass, 'liked'::regclass, 'by_hand'::regclass, 'original'::regclass) ORDER BY 1;
-- Taking the last label away is the way back.
SECURITY LABEL FOR gdpr ON COLUMN original.secret IS NULL;
CALL gdpr.apply();
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'original'::regclass AND attname = 'secret';
DROP TABLE original, copied, liked, by_hand;
