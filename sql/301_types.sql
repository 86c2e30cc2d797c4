-- The whole family: every shipped type in a protected table beside a plain one.
CREATE SCHEMA ty;
SET search_path = ty, public;
SET TimeZone = 'UTC';
CREATE TABLE plain (id int PRIMARY KEY, t text, v varchar(12), b bytea, f bool, i2 int2, i4 int4, i8 int8, n numeric(10,2), d8 float8, d date, ti time(3),
    ts timestamp(0), tz timestamptz, iv interval, u uuid, ip inet, j json, jb jsonb);
DO $$ BEGIN
    EXECUTE (SELECT 'CREATE TABLE sealed (id int PRIMARY KEY, ' || string_agg(format('%I %s%s', attname, gdpr.encrypted_type(atttypid),
                    substring(format_type(atttypid, atttypmod) FROM '\(.*\)')), ', ' ORDER BY attnum) || ')'
               FROM pg_attribute WHERE attrelid = 'ty.plain'::regclass AND attnum > 1);
END $$;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'sealed'::regclass AND attnum > 0 ORDER BY attnum;
INSERT INTO plain VALUES
    (1, 'anna', 'Anna', '\x00ff', true, 1, 100000, 5000000000, 12.345, 1.5, '2001-02-03', '10:11:12.3456', '2001-02-03 04:05:06.7', '2001-02-03 04:05:06+02', '1 day 02:00',
     'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.1.7/24', '{"a": 1,  "a": 2}', '{"a": [1, "x"]}'),
    (2, '', '', '', false, -32768, -2147483648, -9223372036854775808, 0, '-Infinity', '-infinity', '00:00', 'infinity', '-infinity', '-1 month', '00000000-0000-0000-0000-000000000000', '::1', '[]', '{}'),
    (3, E'Zażółć \U0001F600', 'żółw', '\x', true, 32767, 2147483647, 9223372036854775807, 99999999.99, 'NaN', '5874897-12-31', '24:00', '4713-01-01 BC', '294276-12-31 23:59:59.999999+00', '178000000 years', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '10.0.0.0/8', 'null', 'null'),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 'anna', 'Anna', '\x00ff', true, 1, 100000, 5000000000, 12.35, 1.5, '2001-02-03', '10:11:12.346', '2001-02-03 04:05:07', '2001-02-03 02:05:06+00', '26 hours',
     'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.1.7/24', '{"a":2}', '{"a": [1, "x"]}');
INSERT INTO sealed SELECT * FROM plain;
-- Read back they are the same, by every way out.
SELECT count(*) FROM plain p JOIN sealed s USING (id) WHERE p::text = ROW(s.*)::text;
SELECT count(*) FROM plain p JOIN sealed s USING (id) WHERE to_jsonb(p)::text = to_jsonb(s)::text;
SELECT * FROM sealed WHERE id = 1;

-- Order, equality, uniqueness and hash of each type are the plain one's.
CREATE FUNCTION same(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ours text;
    theirs text;
BEGIN
    EXECUTE format('SELECT string_agg(x::text, '' | '') FROM (%s) x', replace(query, 'TABLE', 'ty.plain')) INTO theirs;
    EXECUTE format('SELECT string_agg(x::text, '' | '') FROM (%s) x', replace(query, 'TABLE', 'ty.sealed')) INTO ours;
    RETURN CASE WHEN ours IS NOT DISTINCT FROM theirs THEN 'same' ELSE 'plain ' || theirs || ', sealed ' || ours END;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE VIEW columns AS SELECT attnum, attname AS c, atttypid::regtype AS type FROM pg_attribute WHERE attrelid = 'ty.plain'::regclass AND attnum > 1;
SELECT c, same(format('SELECT id FROM TABLE ORDER BY %I DESC NULLS LAST, id', c)) AS sorted, same(format('SELECT count(*) FROM TABLE GROUP BY %I ORDER BY 1', c)) AS grouped,
       same(format('SELECT a.id, b.id FROM TABLE a JOIN TABLE b ON a.%1$I = b.%1$I ORDER BY 1, 2', c)) AS joined, same(format('SELECT a.id, b.id FROM TABLE a, TABLE b WHERE a.%1$I < b.%1$I ORDER BY 1, 2', c)) AS less
  FROM columns WHERE type <> 'json'::regtype ORDER BY attnum;
SELECT c, same(format('SELECT s.id, p.id FROM TABLE s JOIN ty.plain p ON s.%1$I = p.%1$I ORDER BY 1, 2', c)) AS with_plain, same(format('SELECT p.id, s.id FROM TABLE s JOIN ty.plain p ON p.%1$I >= s.%1$I ORDER BY 1, 2', c)) AS plain_first
  FROM columns WHERE type <> 'json'::regtype ORDER BY attnum;
-- json has no equality, here as there.
SELECT id FROM plain WHERE j = '[]';
SELECT id FROM sealed WHERE j = '[]';
-- Encrypted values as the names of an object, and the cast to json that the plain types do not have.
SELECT json_object_agg(i4, v ORDER BY i4 DESC) AS by_number, jsonb_object_agg(DISTINCT d, u) AS by_date FROM sealed WHERE id IN (1, 2, 5);
SELECT json_object_agg(v, j) OVER (ORDER BY id) AS running, json_build_object(i2, t, tz, jb) AS built FROM sealed WHERE id < 3;
SELECT i4::json FROM sealed WHERE false;
SELECT CAST(NULL::gdpr.encrypted_date AS json);
CREATE TABLE documents (j json CHECK (length(j::text) < 100));
INSERT INTO documents SELECT i4 FROM sealed;
INSERT INTO documents SELECT jb FROM sealed WHERE id = 1 RETURNING j;
DROP TABLE documents;
SELECT j -> 'a' AS a, j ->> 'a' AS b, j::jsonb AS c, json_typeof(j) AS d FROM sealed WHERE id = 1;

-- An index serves the encrypted column for its own type, a literal, a parameter, and the types that PostgreSQL's families pair it with.
INSERT INTO sealed SELECT g + 10, 't' || g, 'v' || g, ('\x' || lpad(to_hex(g), 4, '0'))::bytea, g % 2 = 0, g, g, g, g, g, date '2010-01-01' + g, time '00:00' + g * interval '1 s',
    timestamp '2010-01-01' + g * interval '1 h', timestamptz '2010-01-01+00' + g * interval '1 h', g * interval '1 min', ('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid, inet '10.1.0.0' + g, to_json(g), to_jsonb(g)
  FROM generate_series(1, 2000) g;
DO $$ DECLARE c name; BEGIN
    FOR c IN SELECT columns.c FROM ty.columns WHERE type <> 'json'::regtype LOOP EXECUTE format('CREATE INDEX ON ty.sealed (%I)', c); END LOOP;
END $$;
VACUUM ANALYZE sealed;
CREATE FUNCTION uses_index(condition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT id FROM ty.sealed WHERE ' || condition LOOP
        IF line ~ 'Index Cond' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
SELECT condition, uses_index(condition) FROM unnest(ARRAY['t = ''t7''', 't = ''t7''::varchar', 'v = ''v7''', 'v = ''v7''::text', 'b = ''\x0007''', 'i2 = 7', 'i2 = 7::int2', 'i2 = 7::int8', 'i4 = 7', 'i4 = 7::int2', 'i4 = 7::int8',
    'i4 = ANY (''{1,2}''::int8[])', 'i4 IN (1, 2)', 'i8 = 7', 'i8 = 7::int2', 'i8 BETWEEN 7 AND 9', 'n = 7', 'n = 7.5', 'd8 = 7', 'd8 = 7::float4', 'd8 > 1999.5', 'd = ''2010-01-08''', 'd = timestamp ''2010-01-08''', 'd < timestamptz ''2010-01-08''',
    'ti = ''00:00:07''', 'ts = ''2010-01-01 07:00''', 'ts < date ''2010-01-02''', 'ts < timestamptz ''2010-01-02''', 'tz < ''2010-01-02''', 'tz < date ''2010-01-02''', 'iv = ''7 min''', 'u = ''00000000-0000-0000-0000-000000000007''', 'ip = ''10.1.0.7''', 'ip = cidr ''10.1.0.7''', 'jb = ''7''', '(i4, t) < (3, ''x'')']) AS condition;
SELECT count(*) FROM sealed a JOIN sealed b ON a.i4 = b.i8 AND a.i2 = b.i4 WHERE a.id > 10;
SET enable_hashjoin = off;
SELECT count(*) FROM sealed a JOIN sealed b ON a.i4 = b.i8 WHERE a.id > 10;
SELECT count(*) FROM sealed a JOIN sealed b ON a.ts = b.tz WHERE a.id > 10;
SELECT count(*) FROM sealed a JOIN generate_series(1::int8, 100) g ON a.i4 = g WHERE a.id > 10;
RESET enable_hashjoin;

-- A length or precision is written so that it is read again.
CREATE TABLE typmods (a gdpr.encrypted_time(3), b gdpr.encrypted_timestamp(0), c gdpr.encrypted_timestamptz(6), d gdpr.encrypted_interval(32767, 2), e gdpr.encrypted_interval(4), g gdpr.encrypted_numeric(5, -2), h gdpr.encrypted_varchar(7));
SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'typmods'::regclass AND attnum > 0 \gset
CREATE TABLE typmods_again (:columns);
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypmod = b.atttypmod AS same FROM pg_attribute a JOIN pg_attribute b USING (attnum) WHERE a.attrelid = 'typmods'::regclass AND b.attrelid = 'typmods_again'::regclass AND attnum > 0 ORDER BY attnum;
INSERT INTO typmods VALUES ('01:02:03.4567', '2001-01-01 00:00:00.5', '2001-01-01 00:00:00.1234567+00', '1.239 s', '1 year 2 mons 3 days', 12345, 'abcdefg') RETURNING *;
INSERT INTO typmods (g) VALUES (12345678);
INSERT INTO typmods (h) VALUES ('abcdefgh');
SELECT '1'::gdpr.encrypted_time(-1);
SELECT '1'::gdpr.encrypted_varchar(0);
SELECT '1'::gdpr.encrypted_numeric(1001);
SELECT '1'::gdpr.encrypted_interval(3);

-- The header names the plain type: a value of one type is not read as another, even of the same bytes.
SET gdpr.output = 'cipher';
SELECT format('%s', gdpr.encrypted_int4(7)) AS int4, format('%s', gdpr.encrypted_text('x'::text)) AS text \gset
RESET gdpr.output;
CREATE FUNCTION opens(literal text, type regtype) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plain text;
BEGIN
    EXECUTE format('SELECT (%L::gdpr.%I)::text', literal, 'encrypted_' || (SELECT typname FROM pg_type WHERE oid = type)) INTO plain;
    RETURN plain;
EXCEPTION WHEN data_corrupted THEN
    RETURN SQLERRM;
END $$;
SELECT type, opens(:'int4', type) AS of_int4, opens(:'text', type) AS of_text FROM columns ORDER BY attnum;

-- Integers become as many bits as are asked for; and what is sealed keeps its type, though numeric goes to double precision by itself.
SELECT 5::gdpr.encrypted_int4::bit(4), 5::gdpr.encrypted_int8::bit(12), 5::gdpr.encrypted_int4::bit;
SELECT n::bit(6), pg_typeof(gdpr.sealed(n)), pg_typeof(gdpr.sealed(coalesce(p, 1.5))), pg_typeof(gdpr.sealed(coalesce(p, p))), pg_typeof(gdpr.sealed('x')), gdpr.sealed(p)
  FROM (SELECT 5::gdpr.encrypted_int4 AS n, 0.1::gdpr.encrypted_numeric AS p) s;

SET client_min_messages = warning;
DROP SCHEMA ty CASCADE;
