-- LIKE 'prefix%' and its kin find their range in an index of an encrypted column as they do in a plain one, and the
-- planner expects as many rows.
CREATE SCHEMA pa;
SET search_path = pa, public;
\getenv srcdir PG_ABS_SRCDIR
\set explain :srcdir '/test/lib/explain.sql'
\set ECHO none
\i :explain
\set ECHO all
CREATE TABLE plain (id int, c text COLLATE "C", t text, v varchar(40) COLLATE "C", b bpchar(12) COLLATE "C");
INSERT INTO plain SELECT g, 'name ' || g % 400, 'mail' || g || '@example.it', CASE WHEN g % 3 = 0 THEN 'common' ELSE 'rare_' || g END, 'code' || g
  FROM generate_series(1, 4000) g;
CREATE TABLE sealed (id int, c gdpr.encrypted_text COLLATE "C", t gdpr.encrypted_text, v gdpr.encrypted_varchar(40) COLLATE "C");
INSERT INTO sealed SELECT id, c, t, v FROM plain;
CREATE INDEX plain_c ON plain (c);
CREATE INDEX plain_t ON plain (t text_pattern_ops);
CREATE INDEX plain_v ON plain (v varchar_pattern_ops);
CREATE INDEX sealed_c ON sealed (c);
CREATE INDEX sealed_t ON sealed (t gdpr.encrypted_text_pattern_ops);
CREATE INDEX sealed_v ON sealed (v gdpr.encrypted_varchar_pattern_ops);
ANALYZE plain;
ANALYZE sealed;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE c LIKE 'name 39%';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE c LIKE 'name 39';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE t LIKE 'mail39%';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE v LIKE 'rare\_39%';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE c ^@ 'name 39';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE starts_with(c, 'name 39');
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE t ~ '^mail39';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE t ~ '^mail39@example[.]it$' AND id > 0;
SELECT pg_temp.explain($$SELECT id FROM sealed WHERE t ~* '^MAIL39'$$);
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE t ILIKE '1%';
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE t SIMILAR TO 'mail39%';
-- Not a prefix, no index; nor by order in a collation that is not of bytes.
SELECT pg_temp.explain($$SELECT id FROM sealed WHERE c LIKE '%39'$$);
CREATE INDEX sealed_collated ON sealed (v COLLATE "en-x-icu");
EXPLAIN (COSTS OFF) SELECT id FROM sealed WHERE v COLLATE "en-x-icu" LIKE 'rare\_39%';
DROP INDEX sealed_collated;
PREPARE by_pattern(text) AS SELECT count(*) FROM sealed WHERE t LIKE $1;
EXPLAIN (COSTS OFF) EXECUTE by_pattern('mail39%');
EXECUTE by_pattern('mail39%');
SET plan_cache_mode = force_generic_plan;
EXECUTE by_pattern('mail39%');
RESET plan_cache_mode;
EXPLAIN (COSTS OFF) SELECT t FROM sealed ORDER BY t USING ~<~ LIMIT 2;
SELECT t FROM sealed ORDER BY t USING ~<~ LIMIT 2;
SELECT t FROM sealed ORDER BY t USING ~>~ LIMIT 2;
RESET enable_seqscan;

-- The same rows by index, by filter, and from the plain twin; the same rows expected, within reason.
CREATE FUNCTION expected_rows(relation text, condition text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT json) SELECT FROM pa.%I WHERE %s', relation, condition) INTO plan;
    RETURN (plan #>> '{0,Plan,Plan Rows}')::numeric;
END $$;
CREATE FUNCTION found(relation text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ids text;
BEGIN
    EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(id::text, '','' ORDER BY id)), '''') FROM pa.%I WHERE %s', relation, condition) INTO ids;
    RETURN ids;
END $$;
CREATE TABLE condition (condition text);
INSERT INTO condition VALUES ('c LIKE ''name 39%'''), ('c LIKE ''name 1__'''), ('c NOT LIKE ''name 1%'''), ('c LIKE ''%7'''), ('c LIKE ''name 7'''), ('t LIKE ''mail39%'''), ('t LIKE ''mail1%3@%'''),
    ('t ILIKE ''MAIL39%'''), ('t NOT ILIKE ''MAIL39%'''), ('v LIKE ''com%'''), ('v LIKE ''rare\_3%'''), ('v NOT LIKE ''com%'''), ('v ~ ''^rare_3'''), ('v !~ ''^rare'''), ('v ~* ''^RARE_3'''), ('v !~* ''^RARE_3'''),
    ('t ~ ''^mail39@example[.]it$'''), ('c ^@ ''name 39'''), ('starts_with(c, ''name 39'')'), ('v SIMILAR TO ''(rare|common)%'''), ('c LIKE '''''), ('c LIKE ''%'''), ('c LIKE NULL'), ('c LIKE ANY (ARRAY[''name 1'', ''name 2%''])'),
    ('t LIKE v'), ('v LIKE ''RA%'' OR c LIKE ''name 5%'''), ('t LIKE ''mail39%'' ESCAPE ''!'''), ('c LIKE ''name 39%'' COLLATE "en-x-icu"');
SELECT condition, found('plain', condition) = found('sealed', condition) AS same, split_part(found('sealed', condition), ' ', 1) AS rows,
       greatest(expected_rows('plain', condition), expected_rows('sealed', condition)) <= 1.3 * least(expected_rows('plain', condition), expected_rows('sealed', condition)) + 3 AS near
  FROM condition;
SET enable_seqscan = off;
SELECT count(*) FILTER (WHERE found('plain', condition) <> found('sealed', condition)) AS different FROM condition;
RESET enable_seqscan;
-- Attack: a view with a security barrier is asked by a pattern that tells of hidden rows; statistics do not tell either.
CREATE ROLE pa_app;
GRANT USAGE ON SCHEMA pa TO pa_app;
CREATE VIEW behind WITH (security_barrier) AS SELECT * FROM sealed WHERE id < 10;
GRANT SELECT ON behind TO pa_app;
SET ROLE pa_app;
EXPLAIN (COSTS OFF) SELECT id FROM behind WHERE c LIKE 'name 39%';
RESET ROLE;

-- The operator class for patterns: unique, in a merge join, as a key of its own order, and refused where equality is not of bytes.
CREATE UNIQUE INDEX sealed_unique ON sealed (t gdpr.encrypted_text_pattern_ops) INCLUDE (id);
INSERT INTO sealed (t) VALUES ('mail1@example.it');
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT count(*) FROM sealed s JOIN plain p USING (t);
SELECT count(*) FROM sealed s JOIN sealed p ON s.v = p.c;
RESET enable_hashjoin;
RESET enable_nestloop;
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE folded (t gdpr.encrypted_text COLLATE no_case);
INSERT INTO folded VALUES ('a'), ('A');
CREATE INDEX ON folded (t gdpr.encrypted_text_pattern_ops);
-- PostgreSQL 18 takes LIKE under such a collation: whatever a plain column answers.
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE out text;
BEGIN
    EXECUTE query INTO out;
    RETURN out;
EXCEPTION WHEN feature_not_supported THEN
    RETURN sqlerrm;
END $$;
CREATE TABLE folded_plain AS SELECT t::text COLLATE no_case AS t FROM folded;
SELECT answer('SELECT count(*) FROM folded WHERE t LIKE ''a%''') = answer('SELECT count(*) FROM folded_plain WHERE t LIKE ''a%''') AS same;
-- A block range index keeps ciphertext of the bounds, and serves ranges and prefixes.
CREATE TABLE ordered (n gdpr.encrypted_numeric, d gdpr.encrypted_date, c gdpr.encrypted_text COLLATE "C");
INSERT INTO ordered SELECT g, date '2000-01-01' + g / 10, lpad(g::text, 6, '0') FROM generate_series(1, 6000) g;
CREATE INDEX ordered_brin ON ordered USING brin (n, d, c) WITH (pages_per_range = 4);
ANALYZE ordered;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM ordered WHERE d BETWEEN '2000-02-01' AND '2000-02-10';
SELECT count(*) FROM ordered WHERE d BETWEEN '2000-02-01' AND '2000-02-10';
SELECT count(*) FROM ordered WHERE n < 50 AND d = '2000-01-02';
EXPLAIN (COSTS OFF) SELECT count(*) FROM ordered WHERE c LIKE '0012%';
SELECT count(*) FROM ordered WHERE c LIKE '0012%';
INSERT INTO ordered SELECT g, date '2000-01-01' + g / 10, lpad(g::text, 6, '0') FROM generate_series(6001, 7000) g;
SELECT brin_summarize_new_values('ordered_brin') >= 0 AS summarized;
SELECT count(*) FROM ordered WHERE n BETWEEN 5990 AND 6010;
RESET enable_seqscan;
-- Attack: the index file is read past the types.
CHECKPOINT;
SELECT position('000001'::bytea IN pg_read_binary_file(pg_relation_filepath('ordered_brin'))) > 0 AS plain_seen;

SET client_min_messages = warning;
DROP SCHEMA pa CASCADE;
DROP ROLE pa_app;
