-- Masks, type by type, on plain and on encrypted columns: of the same type, accepted by it, and of little content.
SET client_min_messages = error;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET extra_float_digits = 1;
CREATE EXTENSION citext;
CREATE SCHEMA gm;
CREATE ROLE gm_tool;
GRANT USAGE ON SCHEMA gm TO gm_tool;
CREATE TYPE gm.mood AS ENUM ('sad', 'ok');
CREATE TYPE gm.pair AS (a text, b int);
CREATE DOMAIN gm.email AS text CHECK (VALUE ~ '^[^@]+@[^@]+\.[a-z]+$');
CREATE DOMAIN gm.zip AS text CHECK (VALUE ~ '^\d{5}$');
CREATE DOMAIN gm.grown AS int CHECK (VALUE >= 18);
CREATE DOMAIN gm.odd AS int NOT NULL CHECK (VALUE % 2 = 1);
CREATE DOMAIN gm.iban2 AS varchar(34) CHECK (VALUE ~ '^[A-Z]{2}\d{2}');
CREATE DOMAIN gm.outer_zip AS gm.zip CHECK (VALUE <> '00000');
CREATE TABLE gm.t (id int,
 i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, num numeric, num2 numeric(10,2), d date, ts timestamp, tz timestamptz, tim time, ttz timetz, iv interval,
 u uuid, js json, jb jsonb, ci citext, vc varchar(12), ch char(20), bc "char", nm name, by bytea, ip inet, cd cidr, mac macaddr, b bool, mon money, bits bit(4), vb varbit, pt point, xm xml, tsv tsvector,
 ar text[], ai int[], en gm.mood, rg int4range, dr daterange, mr int4multirange, co gm.pair, oi oid,
 de gm.email, dz gm.zip, dg gm.grown, dod gm.odd, dib gm.iban2, doz gm.outer_zip, gen text GENERATED ALWAYS AS (vc || 'x') STORED, ident int GENERATED ALWAYS AS IDENTITY);
INSERT INTO gm.t (id, i2,i4,i8,f4,f8,num,num2,d,ts,tz,tim,ttz,iv,u,js,jb,ci,vc,ch,bc,nm,by,ip,cd,mac,b,mon,bits,vb,pt,xm,tsv,ar,ai,en,rg,dr,mr,co,oi,de,dz,dg,dod,dib,doz) VALUES
 (1, 12345, -4711, 9223372036854775807, 123.456, 0.000123, 1234.5678, 99.99, '1980-05-17', '1980-05-17 12:34:56', '1980-12-31 23:59:59+00', '12:34', '12:34+02', '3 days',
 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": "mario@example.it", "n": 12.50, "l": [true, null, "x"]}', '{"mario@example.it": "Mario Rossi", "n": -4711, "e": {}, "l": []}',
 'Mario@Example.IT', 'Mario Rossi', 'Anna Bianchi', 'x', 'mario', '\x0102', '192.168.1.77', '10.1.2.0/24', '08:00:2b:01:02:03', true, '12.34', B'1010', B'10', '(1,2)', '<a>mario</a>', 'mario:1',
 '{mario,anna}', '{1,2}', 'sad', '[1,5)', '[1980-05-17,1980-05-18)', '{[1,5)}', ('mario', 7), 4711,
 'mario@example.it', '50123', 37, 37, 'IT60X0542811101000000123456', '50123'),
 (2, -32768, -2147483648, -9223372036854775808, 'NaN', 'Infinity', 'NaN', 0, 'infinity', '-infinity', '2000-01-01 00:30:00+14', '00:00', '00:00+00', '0',
 '00000000-0000-0000-0000-000000000000', '"mario"', '4711', '', '', '', '', '', '', '::1', '::/0', '00:00:00:00:00:00', false, '0', B'0000', B'', '(0,0)', '<a/>', '',
 '{}', '{}', 'ok', 'empty', 'empty', '{}', (null, null), 0, 'a@b.it', '00000', 18, 1, 'IT60X0542811101000000123456', '99999');
DO $$ DECLARE c name; BEGIN FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'gm.t'::regclass AND attnum > 1 AND attname <> 'gen' LOOP
  EXECUTE format('SECURITY LABEL FOR gdpr ON COLUMN gm.t.%I IS %L', c, 'personal'); END LOOP; END $$;
SELECT gdpr.gate('personal', 'export', 'mask'), gdpr.assign_channel('gm_tool', 'export');
GRANT ALL ON gm.t TO gm_tool;
SET ROLE gm_tool;
-- One column a row, the values beside each other.
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, (SELECT array_agg(to_jsonb(t) -> a.attname::text ORDER BY t.id) FROM gm.t) AS masks
  FROM pg_attribute a WHERE a.attrelid = 'gm.t'::regclass AND a.attnum > 1 ORDER BY a.attnum;
-- In UTC: a time zone that is moved about tells nothing.
SET TimeZone = 'Pacific/Auckland';
SELECT tz FROM gm.t ORDER BY id;
SET TimeZone = 'America/New_York';
SELECT tz, ts FROM gm.t ORDER BY id;
SET TimeZone = 'UTC';
RESET ROLE;

-- Encrypted columns have the masks of the plain type.
SELECT gdpr.create_encrypted_type('gm.mood'), gdpr.create_encrypted_type('text[]'), gdpr.create_encrypted_type('gm.zip');
CREATE TABLE gm.e (LIKE gm.t);
ALTER TABLE gm.e DROP COLUMN gen, DROP COLUMN ident;
INSERT INTO gm.e SELECT (t).id, (t).i2, (t).i4, (t).i8, (t).f4, (t).f8, (t).num, (t).num2, (t).d, (t).ts, (t).tz, (t).tim, (t).ttz, (t).iv, (t).u, (t).js, (t).jb, (t).ci, (t).vc, (t).ch, (t).bc, (t).nm, (t).by, (t).ip,
  (t).cd, (t).mac, (t).b, (t).mon, (t).bits, (t).vb, (t).pt, (t).xm, (t).tsv, (t).ar, (t).ai, (t).en, (t).rg, (t).dr, (t).mr, (t).co, (t).oi, (t).de, (t).dz, (t).dg, (t).dod, (t).dib, (t).doz FROM gm.t;
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT attname, attnum FROM pg_attribute a WHERE attrelid = 'gm.e'::regclass AND attnum > 1 AND NOT attisdropped LOOP
    IF (SELECT gdpr.encrypted_type(a.atttypid) FROM pg_attribute a WHERE a.attrelid = 'gm.e'::regclass AND a.attnum = c.attnum) IS NULL THEN
      EXECUTE format('ALTER TABLE gm.e DROP COLUMN %I', c.attname);
    ELSE
      EXECUTE format('SECURITY LABEL FOR gdpr ON COLUMN gm.e.%I IS %L', c.attname, 'personal, encrypted');
    END IF;
  END LOOP; END $$;
GRANT SELECT ON gm.e TO gm_tool;
CALL gdpr.apply('gm.e');
SET ROLE gm_tool;
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, (SELECT array_agg(to_jsonb(t) -> a.attname::text ORDER BY t.id) FROM gm.e t) = (SELECT array_agg(to_jsonb(t) -> a.attname::text ORDER BY t.id) FROM gm.t) AS as_plain
  FROM pg_attribute a WHERE a.attrelid = 'gm.e'::regclass AND a.attnum > 1 AND NOT attisdropped ORDER BY a.attnum;

-- Attack: documents that json holds and jsonb refuses, quoting them; numbers at the ends of their types.
RESET ROLE;
CREATE TABLE gm.ends (id int, js json, i8 int8, d date, ts timestamp, num numeric, f8 float8);
INSERT INTO gm.ends VALUES (1, '{"secret": "\u0000secret"}', -9223372036854775808, '4714-11-24 BC', '4714-11-24 00:00:00 BC', 1e1000, 1.7976931348623157e308),
  (2, '["\ud83d secret", "\\u0041\\", 1e999999, -0.5]', 9223372036854775807, '4713-01-02 BC', '4713-01-02 00:00:00 BC', -0.00001, 5e-324), (3, '"\\\""', -1, '5874897-12-31', '294276-12-31 23:59:59', 'Infinity', '-Infinity');
DO $$ DECLARE c name; BEGIN FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'gm.ends'::regclass AND attnum > 1 LOOP
  EXECUTE format('SECURITY LABEL FOR gdpr ON COLUMN gm.ends.%I IS %L', c, 'personal'); END LOOP; END $$;
GRANT SELECT ON gm.ends TO gm_tool;
SET ROLE gm_tool;
SELECT id, js, i8, d, ts, length(num::text), f8 FROM gm.ends ORDER BY id;
-- Constraints of a domain are asked again and again, about masks alone.
RESET ROLE;
CREATE FUNCTION gm.noticed(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF current_setting('gm.tell', true) = 'on' THEN RAISE WARNING 'saw %', value; END IF; RETURN value <> '*****'; END $$;
CREATE DOMAIN gm.watched AS text CHECK (gm.noticed(VALUE));
CREATE TABLE gm.many (id int, w gm.watched, z gm.zip);
INSERT INTO gm.many SELECT g, 'aa' || g, '50123' FROM generate_series(100, 2099) g;
SECURITY LABEL FOR gdpr ON COLUMN gm.many.w IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN gm.many.z IS 'personal';
GRANT SELECT ON gm.many TO gm_tool;
GRANT EXECUTE ON FUNCTION gm.noticed TO gm_tool;
SET ROLE gm_tool;
SELECT w, z, count(*) FROM gm.many GROUP BY w, z ORDER BY 1;
SET client_min_messages = warning;
\set VERBOSITY terse
SET gm.tell = on;
SELECT w FROM gm.many WHERE id = 100;
RESET gm.tell;
-- What a mask is, and not: by itself, of values that the caller has.
SELECT v, gdpr.masked(v, '') FROM (VALUES ('mario.rossi@example.it'), ('+39 055 1234567'), ('IT60X0542811101000000123456'), ('Mario Rossi'), ('Mario'), ('HIV positive'), ('12345'), ('!#$%'), ('')) x(v);
SELECT gdpr.masked('{mario@example.it,NULL}'::text[], ''), gdpr.masked('{{1,20},{300,NULL}}'::int[], ''), gdpr.masked('[5:6]={2001-05-05,2002-02-02}'::date[], ''), gdpr.masked('{t}'::bool[], ''), gdpr.masked('{50123}'::gm.zip[], '');
RESET ROLE;
DELETE FROM gdpr.gate_rule;
DELETE FROM gdpr.channel_role;
DROP SCHEMA gm CASCADE;
DROP EXTENSION citext CASCADE;
DROP ROLE gm_tool;
