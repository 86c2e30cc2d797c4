-- gdpr.create_encrypted_type: enums, domains, arrays, composite types and what is not shipped.
CREATE ROLE ct_admin IN ROLE gdpr_admin;
CREATE ROLE ct_app;
CREATE SCHEMA ct AUTHORIZATION ct_admin;
CREATE SCHEMA ct_other AUTHORIZATION ct_admin;
GRANT USAGE ON SCHEMA ct TO ct_app;
SET ROLE ct_admin;
SET search_path = ct;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN zip AS text CHECK (VALUE ~ '^\d{5}$');
CREATE TYPE address AS (street text, zip zip, mood mood);
SELECT gdpr.encrypted_type('mood'), gdpr.create_encrypted_type('mood'), gdpr.encrypted_type('mood'), gdpr.create_encrypted_type('mood') AS again;
SELECT gdpr.create_encrypted_type(t::regtype) FROM unnest('{zip,address,mood[],address[],int[],macaddr,float4,timetz,money,tstzrange,point}'::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n;
-- Another type of the same name gets its schema's.
CREATE TYPE ct_other.mood AS ENUM ('low');
SELECT gdpr.create_encrypted_type('ct_other.mood');

-- A parameter is of the plain type, which the operators of all enums take.
CREATE TEMP TABLE felt (m gdpr.encrypted_mood);
INSERT INTO felt VALUES ('happy');
PREPARE feeling AS SELECT m FROM felt WHERE m = $1;
SELECT parameter_types FROM pg_prepared_statements;
EXECUTE feeling('happy');
DEALLOCATE feeling;
DROP TABLE felt;

-- What cannot have one, and who may not make one.
SELECT gdpr.create_encrypted_type('regclass');
SELECT gdpr.create_encrypted_type('oid[]');
SELECT gdpr.create_encrypted_type('anyelement');
SELECT gdpr.create_encrypted_type('pg_catalog.pg_class');
SELECT gdpr.create_encrypted_type('gdpr.encrypted_text');
SELECT gdpr.create_encrypted_type('gdpr.encrypted_text[]');
-- Attack: an application makes types in the extension's schema.
SET ROLE ct_app;
SELECT gdpr.create_encrypted_type('bit');
SET ROLE ct_admin;

-- Labels and apply, with data, and back.
CREATE TABLE person (id int PRIMARY KEY, m mood UNIQUE DEFAULT 'ok', z zip, a address, ms mood[], addresses address[], i int[], mac macaddr, f float4, tz timetz, mo money, r tstzrange, p point, bits bit(3));
INSERT INTO person VALUES (1, 'happy', '00100', '("Via Roma, 1",00100,happy)', '{sad,happy}', ARRAY['(x,12345,sad)', NULL]::address[], '{{1,2},{3,NULL}}', '08:00:2b:01:02:03', 1.5, '10:00+02', 12.5, '[2001-01-01,2002-01-01)', '(1,2)', '101'),
    (2, 'sad', NULL, '(,,)', '{}', NULL, '{}', NULL, 'NaN', NULL, NULL, 'empty', NULL, NULL), (3, 'ok', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE before AS SELECT * FROM person;
DO $$ DECLARE c name; BEGIN
    FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'person'::regclass AND attnum > 1 LOOP EXECUTE format('SECURITY LABEL FOR gdpr ON COLUMN person.%I IS ''personal, encrypted''', c); END LOOP;
END $$;
CALL gdpr.apply('person');
SELECT gdpr.create_encrypted_type('bit');
CALL gdpr.apply('person');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'person'::regclass AND attnum > 0 ORDER BY attnum;
SELECT count(*) FROM person x JOIN before y USING (id) WHERE x::text = y::text AND to_jsonb(x)::text = to_jsonb(y)::text;
SELECT * FROM person ORDER BY m DESC;

-- The plain type's order, operators and errors.
SELECT id FROM person WHERE m > 'sad' ORDER BY m;
SELECT id FROM person WHERE m = 'happy'::mood OR z = '00100' OR f = 1.5;
SELECT id FROM person WHERE r && '[2001-05-01,2001-06-01)';
SELECT (a::address).street, (ms::mood[])[2], (i::int[])[2][1], array_length(i::int[], 1), z || '!', upper(z), f * 2, mo * 2, p <-> '(0,0)' AS distance FROM person WHERE id = 1;
SELECT m, count(*) FROM person GROUP BY m ORDER BY m;
SELECT count(*) FROM person a JOIN before b ON a.m = b.m;
SELECT count(*) FROM person x JOIN before y ON x.a = y.a;
SELECT count(*) FROM person x JOIN person y ON x.ms = y.ms AND x.r = y.r;
INSERT INTO person (id, m) VALUES (4, 'happy');
INSERT INTO person (id, m) VALUES (4, 'glad');
INSERT INTO person (id, m, z) VALUES (4, NULL, '1234');
UPDATE person SET z = '123456' WHERE id = 1;
SELECT gdpr.sealed('x'::zip);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM person WHERE m = 'ok';
EXPLAIN (COSTS OFF) SELECT FROM person WHERE m = 'ok'::mood;
RESET enable_seqscan;
-- A value added to the enum, between others, is sorted where it belongs.
ALTER TYPE mood ADD VALUE 'fine' BEFORE 'happy';
INSERT INTO person (id, m) VALUES (5, 'fine');
SELECT id FROM person ORDER BY m;

-- The plain type cannot go while its encrypted type is there.
\set VERBOSITY terse
DROP TYPE ct_other.mood;
\set VERBOSITY default
RESET ROLE;
SET client_min_messages = warning;
DROP TYPE gdpr.encrypted_ct_other_mood CASCADE;
SET client_min_messages = notice;
DROP TYPE ct_other.mood;

-- Back to plain.
SET ROLE ct_admin;
DELETE FROM person WHERE id = 5;
DO $$ DECLARE c name; BEGIN
    FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'person'::regclass AND attnum > 1 LOOP EXECUTE format('SECURITY LABEL FOR gdpr ON COLUMN person.%I IS NULL', c); END LOOP;
END $$;
CALL gdpr.apply('person');
SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'person'::regclass AND attnum > 0;
SELECT count(*) FROM person x JOIN before y USING (id) WHERE x::text = y::text;

-- Dropping what they stand for drops the types, and nothing of the extension.
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA ct, ct_other CASCADE;
DROP TYPE gdpr.encrypted_int4_array, gdpr.encrypted_macaddr, gdpr.encrypted_float4, gdpr.encrypted_timetz, gdpr.encrypted_money, gdpr.encrypted_tstzrange, gdpr.encrypted_point, gdpr.encrypted_bit CASCADE;
SELECT count(*) FROM pg_type t WHERE typnamespace = 'gdpr'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e') AND typtype = 'b' AND typelem = 0;
SELECT p.oid::regprocedure AS left_behind FROM pg_proc p WHERE pronamespace = 'pg_catalog'::regnamespace AND oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e');
SELECT p.oid::regprocedure AS left_behind FROM pg_proc p WHERE pronamespace = 'gdpr'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e');
-- And they can be made again.
SET search_path = public;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS varchar(3);
SELECT gdpr.create_encrypted_type('mood'), gdpr.create_encrypted_type('short');
DROP TYPE gdpr.encrypted_mood, gdpr.encrypted_short CASCADE;
SELECT gdpr.create_encrypted_type('mood'), gdpr.create_encrypted_type('short');
DROP TYPE gdpr.encrypted_mood, gdpr.encrypted_short CASCADE;
DROP TYPE mood, short;
DROP ROLE ct_admin;
DROP ROLE ct_app;

-- The type of an extension, whose operators are beside it.
CREATE SCHEMA "Ci";
CREATE EXTENSION citext SCHEMA "Ci";
SET search_path = "Ci";
SELECT gdpr.create_encrypted_type('citext');
CREATE TABLE "Ci".member (id int PRIMARY KEY, name citext UNIQUE, plain citext, born date);
INSERT INTO member SELECT g, 'Name' || g, 'NAME' || g FROM generate_series(1, 500) g;
SECURITY LABEL FOR gdpr ON COLUMN member.name IS 'personal, encrypted';
CALL gdpr.apply('member');
VACUUM ANALYZE member;
SELECT id, name, pg_typeof(name) FROM member WHERE name = 'nAME7';
SELECT count(*) FROM member WHERE name LIKE 'name1%';
SELECT count(*) FROM member WHERE name ~ 'name1' AND name !~~* 'x%' AND regexp_match(name, 'NAME') IS NOT NULL;
SELECT length(name) FROM member WHERE id = 7;
SELECT id FROM member WHERE name = 'NAME7'::text;
SELECT length(name::citext), name::text || '!' FROM member WHERE id = 7;
SELECT id FROM member WHERE name = plain ORDER BY name DESC LIMIT 2;
EXPLAIN (COSTS OFF) SELECT id FROM member WHERE name = 'nAME7';
INSERT INTO member VALUES (501, 'NAME7');
INSERT INTO member VALUES (502, 'NAME7') ON CONFLICT (name) DO UPDATE SET born = '2000-01-01' RETURNING id, name, born;
SET enable_hashjoin = on; SET enable_mergejoin = off; SET enable_nestloop = off;
SELECT count(*) FROM member a JOIN member b ON a.name = b.plain;
SET enable_hashjoin = off; SET enable_mergejoin = on;
SELECT count(*) FROM member a JOIN member b ON a.name = b.plain;
SELECT count(DISTINCT name), min(name), max(name) FROM member;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop;
SECURITY LABEL FOR gdpr ON COLUMN member.name IS 'personal';
CALL gdpr.apply('member');
SELECT id, name, pg_typeof(name) FROM member WHERE name = 'nAME7';
DROP TABLE member;
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION citext CASCADE;
DROP SCHEMA "Ci";
