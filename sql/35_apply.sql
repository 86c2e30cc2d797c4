-- plan() and apply(): columns change in place, and back; what depends on them comes back as it was.
CREATE SCHEMA ap;
CREATE ROLE ap_owner;
CREATE ROLE ap_admin;
CREATE ROLE ap_app;
GRANT gdpr_admin TO ap_admin;
GRANT ALL ON SCHEMA ap TO ap_owner;
GRANT USAGE ON SCHEMA ap TO ap_app, ap_admin;
SET ROLE ap_owner;
CREATE TABLE ap.person (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(40) NOT NULL UNIQUE CHECK (email LIKE '%@%'),
    name text COLLATE "C" DEFAULT 'unknown',
    salary numeric(10, 2),
    born date,
    extra jsonb
);
CREATE INDEX person_born ON ap.person (born, name);
CREATE VIEW ap.adults WITH (security_barrier = true) AS SELECT id, email, upper(name) AS name FROM ap.person WHERE born < '2005-01-01';
COMMENT ON VIEW ap.adults IS 'grown up';
COMMENT ON COLUMN ap.adults.name IS 'loud';
CREATE VIEW ap.names AS SELECT name FROM ap.adults ORDER BY 1;
GRANT SELECT ON ap.person, ap.names TO ap_app;
GRANT SELECT ON ap.adults TO ap_app WITH GRANT OPTION;
GRANT INSERT, UPDATE ON ap.person TO ap_app;
INSERT INTO ap.person (email, name, salary, born, extra)
    SELECT 'u' || g || '@example.it', 'name ' || g, g, date '2000-01-01' + g, jsonb_build_object('n', g) FROM generate_series(1, 500) g;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ap.person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ap.person.salary IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ap.person.born IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ap.person.extra IS 'sensitive, encrypted';
RESET ROLE;
CREATE TEMP TABLE before AS SELECT md5(string_agg(p::text, '|' ORDER BY id)) AS sum FROM ap.person p;

-- Servers since 16 deparse a single table's columns without its name.
SELECT action, regexp_replace(statement, '(?<![.])\m(person|adults)[.]', '', 'g') AS statement FROM gdpr.plan() WHERE relation = 'ap.person'::regclass;

-- Attack: someone else than an admin applies, the table's owner included.
SET ROLE ap_owner;
CALL gdpr.apply();
RESET ROLE;

SET ROLE ap_admin;
CALL gdpr.apply('ap.person');
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation = 'ap.person'::regclass;
RESET ROLE;
\d ap.person
SELECT md5(string_agg(p::text, '|' ORDER BY id)) = (SELECT sum FROM before) AS same FROM ap.person p;
SELECT viewowner, regexp_replace(definition, '(?<![.])\m(person|adults)[.]', '', 'g') AS definition FROM pg_views WHERE schemaname = 'ap' ORDER BY viewname;
SELECT relname, reloptions, replace(relacl::text, 'm/', '/') AS relacl FROM pg_class WHERE relnamespace = 'ap'::regnamespace AND relkind = 'v' ORDER BY 1;
SELECT obj_description('ap.adults'::regclass), col_description('ap.adults'::regclass, 3);

-- The application notices nothing.
SET ROLE ap_app;
SELECT * FROM ap.names LIMIT 2;
SELECT id FROM ap.person WHERE email = 'u7@example.it';
INSERT INTO ap.person (email) VALUES ('no at sign');
INSERT INTO ap.person (email) VALUES ('u7@example.it');
INSERT INTO ap.person (email) VALUES ('ok@example.it') RETURNING id, name;
RESET ROLE;

-- And back: the word goes, the plain type returns.
DELETE FROM ap.person WHERE email = 'ok@example.it';
SECURITY LABEL FOR gdpr ON COLUMN ap.person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN ap.person.name IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.salary IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.born IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.extra IS NULL;
CALL gdpr.apply('ap.person');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'ap.person'::regclass AND attnum > 0 ORDER BY attnum;
SELECT md5(string_agg(p::text, '|' ORDER BY id)) = (SELECT sum FROM before) AS same FROM ap.person p;

-- Refused with a reason, and nothing half done: plaintext in an expression index, types without a counterpart,
-- keys per subject.
SECURITY LABEL FOR gdpr ON COLUMN ap.person.name IS 'personal, encrypted';
CREATE INDEX person_lower ON ap.person (lower(name));
CALL gdpr.apply('ap.person');
DROP INDEX ap.person_lower;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.id IS 'personal, encrypted';
CALL gdpr.apply('ap.person');
SECURITY LABEL FOR gdpr ON COLUMN ap.person.id IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.name IS 'personal, encrypted(subject)';
CALL gdpr.apply('ap.person');
SECURITY LABEL FOR gdpr ON COLUMN ap.person.name IS 'personal, encrypted';
CREATE MATERIALIZED VIEW ap.copy AS SELECT name FROM ap.person;
CALL gdpr.apply('ap.person');
SELECT attrelid::regclass, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid IN ('ap.person'::regclass, 'ap.copy'::regclass) AND attname = 'name' ORDER BY 1;
SELECT count(*) > 0 AS filled FROM ap.copy;
DROP MATERIALIZED VIEW ap.copy;

-- Attack: the owner's code runs as whoever applies. A CHECK of the owner's sees the owner, not the admin.
SET ROLE ap_owner;
CREATE FUNCTION ap.spy(text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE WARNING 'checked as %', current_user; RETURN true; END $$;
DELETE FROM ap.person WHERE id > 1;
ALTER TABLE ap.person ADD CHECK (ap.spy(email));
RESET ROLE;
SECURITY LABEL FOR gdpr ON COLUMN ap.person.email IS 'personal, encrypted';
CALL gdpr.apply('ap.person');

SET client_min_messages = warning;
DROP SCHEMA ap CASCADE;
DROP ROLE ap_owner, ap_app;
DROP ROLE ap_admin;
