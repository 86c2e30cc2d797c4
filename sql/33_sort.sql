-- Sorting: the order of the plain column, in memory and out of it, whatever sorts.
CREATE EXTENSION amcheck;
CREATE SCHEMA srt;
SET search_path = srt, public;
CREATE COLLATION icu_de (provider = icu, locale = 'de');
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE plain (id int, t text, c text COLLATE "C", i text COLLATE icu_de, z text COLLATE no_case, v varchar(40), n numeric, d date, j jsonb);
CREATE TABLE sealed (id int, t gdpr.encrypted_text, c gdpr.encrypted_text COLLATE "C", i gdpr.encrypted_text COLLATE icu_de,
    z gdpr.encrypted_text COLLATE no_case, v gdpr.encrypted_varchar(40), n gdpr.encrypted_numeric, d gdpr.encrypted_date, j gdpr.encrypted_jsonb);
-- Few and many distinct values, nulls, and values that are equal though they differ: 1.0 and 1.00, 'Abc' and 'aBC'.
INSERT INTO plain
SELECT g, CASE WHEN g % 17 > 0 THEN md5((g % 3000)::text) END, left(md5((g * 7)::text), 12), chr(192 + g % 60) || g % 500,
       CASE g % 3 WHEN 0 THEN 'abc' WHEN 1 THEN 'ABC' ELSE 'Abd' END || g % 40, CASE WHEN g % 5 > 0 THEN 'v' || g % 700 END,
       round((g % 900) / 7.0, g % 4), date '1950-01-01' + (g * 31) % 20000, jsonb_build_object('a', g % 300, 'b', round(1, g % 3))
  FROM generate_series(1, 12000) g;
INSERT INTO sealed SELECT * FROM plain;
ANALYZE plain, sealed;

-- The same query over both tables: is the answer the same?
CREATE FUNCTION same(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    over_plain text; over_sealed text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(q::text, chr(10))) FROM (%s) q', format(query, 'srt.plain')) INTO over_plain;
    EXECUTE format('SELECT md5(string_agg(q::text, chr(10))) FROM (%s) q', format(query, 'srt.sealed')) INTO over_sealed;
    RETURN over_plain IS NOT NULL AND over_plain = over_sealed;
END $$;
CREATE FUNCTION sorts_on_disk(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF line LIKE '%Sort Method: external%' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
CREATE VIEW orders AS SELECT * FROM unnest(ARRAY['t', 't DESC NULLS LAST', 't NULLS FIRST', 'c', 'c DESC', 'i', 'z', 'z DESC', 'v', 'v DESC',
    'n', 'n DESC', 'd', 'd DESC NULLS FIRST', 'j', 'j DESC', 't, c DESC', 'v, n, d', 't COLLATE "C"', 'lower(c)']) WITH ORDINALITY AS o(key, number);

-- In memory, and spilled in many runs.
SET max_parallel_workers_per_gather = 0;
SET jit = off; -- what the costs of forbidden plans would bring in
SET work_mem = '64MB';
SELECT key, same(format('SELECT id FROM %%s ORDER BY %s, id', key)) FROM orders ORDER BY number;
SET work_mem = '64kB';
SELECT sorts_on_disk('SELECT id FROM srt.sealed ORDER BY t, id');
SELECT key, same(format('SELECT id FROM %%s ORDER BY %s, id', key)) FROM orders ORDER BY number;

-- A key of one column alone, where tuplesort has a shortcut; a few rows of many; a cursor that goes back.
SELECT same('SELECT t FROM %s ORDER BY t'), same('SELECT d FROM %s ORDER BY d'), same('SELECT t, c FROM %s ORDER BY t, c LIMIT 50');
SELECT same('SELECT t, c FROM %s WHERE id < 400 ORDER BY t, c LIMIT 50');
RESET work_mem;
SELECT same('SELECT t FROM %s ORDER BY t'), same('SELECT d FROM %s ORDER BY d'), same('SELECT n, id FROM %s ORDER BY n, id LIMIT 50');
BEGIN;
DECLARE back SCROLL CURSOR FOR SELECT c FROM sealed ORDER BY c;
MOVE LAST IN back;
FETCH BACKWARD 2 FROM back;
FETCH FIRST FROM back;
ROLLBACK;

-- DISTINCT inside aggregates takes two values for different when their abbreviated keys differ: equal values must
-- have the same one. In memory, spilled, and where values are stored out of line and do not fit the sort's memory.
SELECT same('SELECT count(DISTINCT t), count(DISTINCT c), count(DISTINCT i), count(DISTINCT z), count(DISTINCT v), count(DISTINCT n), count(DISTINCT d), count(DISTINCT j) FROM %s');
SELECT count(DISTINCT t), count(DISTINCT z), count(DISTINCT n), count(DISTINCT d), count(DISTINCT j) FROM sealed;
SELECT same('SELECT string_agg(DISTINCT v, '','' ORDER BY v), array_length(array_agg(DISTINCT d), 1) FROM %s');
SELECT same('SELECT mode() WITHIN GROUP (ORDER BY t), mode() WITHIN GROUP (ORDER BY c), mode() WITHIN GROUP (ORDER BY d), percentile_disc(0.3) WITHIN GROUP (ORDER BY t) FROM %s');
SELECT same('SELECT rank(''v300''::varchar) WITHIN GROUP (ORDER BY v), dense_rank(''v300''::varchar) WITHIN GROUP (ORDER BY v), percent_rank(date ''1970-01-01'') WITHIN GROUP (ORDER BY d) FROM %s');
SELECT same('SELECT dense_rank(''v300''::varchar, 3) WITHIN GROUP (ORDER BY v, n) FROM %s');
SELECT same('SELECT v, count(DISTINCT t), count(DISTINCT n) FROM %s GROUP BY v ORDER BY v');
SET work_mem = '64kB';
SELECT same('SELECT count(DISTINCT t), count(DISTINCT c), count(DISTINCT z), count(DISTINCT v), count(DISTINCT n), count(DISTINCT d), count(DISTINCT j) FROM %s');
CREATE TABLE long_values (id int, t gdpr.encrypted_text);
INSERT INTO long_values SELECT g, repeat(md5((g % 100)::text), 150) FROM generate_series(1, 300) g;
SELECT count(DISTINCT t) FROM long_values;
SELECT array_agg(id) = (SELECT array_agg(id ORDER BY md5((id % 100)::text), id) FROM long_values) FROM (SELECT id FROM long_values ORDER BY t COLLATE "C", id) s;
SELECT sorts_on_disk('SELECT count(DISTINCT t) FROM srt.long_values');

-- Incremental sort, merge join, windows, set operations, grouping by sort.
CREATE INDEX sealed_v ON sealed (v);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM sealed ORDER BY v, t LIMIT 5;
SELECT same('SELECT id FROM %s ORDER BY v, t, id LIMIT 2000');
RESET enable_seqscan;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SET enable_hashagg = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM sealed a JOIN sealed b ON a.t = b.t;
SELECT same('SELECT count(*), sum(a.id::bigint * b.id) FROM %1$s a JOIN %1$s b ON a.t = b.t');
SELECT same('SELECT count(*), sum(a.id::bigint * b.id) FROM %1$s a JOIN srt.plain b ON a.d = b.d AND a.v = b.v');
SELECT same('SELECT count(*) FROM %1$s a FULL JOIN srt.plain b ON a.n = b.n AND a.id = b.id');
SELECT same('SELECT DISTINCT v FROM %s ORDER BY v DESC'), same('SELECT DISTINCT ON (v) v, id FROM %s ORDER BY v, id');
SELECT same('SELECT v, count(*) FROM %s GROUP BY v ORDER BY v'), same('SELECT v FROM %1$s EXCEPT SELECT v FROM %1$s WHERE id > 11500 ORDER BY 1');
SELECT same('SELECT id, rank() OVER (PARTITION BY v ORDER BY t, id), lag(c) OVER (PARTITION BY v ORDER BY c, id) FROM %s ORDER BY id');
SELECT same('SELECT id, count(*) OVER (ORDER BY d RANGE BETWEEN interval ''30 days'' PRECEDING AND CURRENT ROW) FROM %s WHERE id < 500 ORDER BY id');
SELECT same('SELECT id, count(*) OVER (ORDER BY n DESC RANGE BETWEEN 1.5 PRECEDING AND 2 FOLLOWING) FROM %s WHERE id < 500 ORDER BY id');
RESET enable_hashjoin;
RESET enable_nestloop;
RESET enable_hashagg;
RESET work_mem;

-- Index builds: in memory, spilled, by several workers, unique, concurrently, of several columns.
CREATE INDEX memory_t ON sealed (t);
SET maintenance_work_mem = '1MB';
CREATE INDEX disk_t ON sealed (t, c DESC NULLS LAST);
CREATE INDEX disk_z ON sealed (z);
CREATE INDEX disk_d ON sealed (d DESC);
CREATE INDEX disk_n ON sealed (n, j);
CREATE UNIQUE INDEX disk_unique ON sealed (i, id);
CREATE INDEX CONCURRENTLY disk_c ON sealed (c);
SET maintenance_work_mem = '4MB';
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
ALTER TABLE sealed SET (parallel_workers = 2);
CREATE INDEX workers_t ON sealed (t);
CREATE INDEX workers_d ON sealed (d, n);
CLUSTER sealed USING disk_d;
SELECT same('SELECT d FROM %s ORDER BY d DESC');
REINDEX TABLE sealed;
SELECT c.relname, bt_index_parent_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
 WHERE c.relnamespace = 'srt'::regnamespace ORDER BY 1;
-- A parallel sort under a query.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT c FROM sealed ORDER BY t, c;
SELECT same('SELECT id FROM %s ORDER BY t, c, id'), same('SELECT v, max(c) FROM %s GROUP BY v ORDER BY v');
-- Duplicates are found while an index is built.
-- (Which one is found first is the sort's affair.)
\set VERBOSITY terse
CREATE UNIQUE INDEX no_unique ON sealed (t);
\set VERBOSITY default
SET max_parallel_maintenance_workers = 0;
CREATE UNIQUE INDEX no_unique ON sealed (n);
SELECT id, t = 'x' FROM sealed WHERE t = md5('5') ORDER BY id LIMIT 2;

-- An index on gdpr.sealed(…): computed again for the same row it gives the same, for another row with an equal value not.
CREATE TABLE expressed (id int, v gdpr.encrypted_text, plain text);
INSERT INTO expressed SELECT g, CASE WHEN g % 7 > 0 THEN 'Name ' || g % 3 END, 'same' FROM generate_series(1, 500) g;
CREATE INDEX expressed_lower ON expressed (gdpr.sealed(lower(v)), gdpr.sealed(length(v)));
UPDATE expressed SET v = 'Other' WHERE id % 5 = 0;
INSERT INTO expressed SELECT * FROM expressed;
SELECT bt_index_parent_check('expressed_lower', true, true);
SET gdpr.output = 'cipher';
ALTER TABLE expressed ADD low gdpr.encrypted_text GENERATED ALWAYS AS (gdpr.sealed(lower(v))) STORED, ADD other gdpr.encrypted_text GENERATED ALWAYS AS (gdpr.sealed(plain)) STORED;
-- Attack: values that depend on nothing encrypted are not told equal.
SELECT count(*), count(DISTINCT format('%s', other)) FROM expressed;
SELECT count(DISTINCT format('%s', v)) > 400, count(DISTINCT format('%s', v)) = count(DISTINCT format('%s', low)) FROM expressed;
RESET gdpr.output;

RESET ALL;
SET client_min_messages = warning;
DROP SCHEMA srt CASCADE;
DROP EXTENSION amcheck;
