-- Every path by which the executor works on a column, over encrypted columns and over their plain twins: the same rows, and
-- the same kind of plan.
CREATE SCHEMA op;
SET search_path = op, public;
\getenv srcdir PG_ABS_SRCDIR
\set explain :srcdir '/test/lib/explain.sql'
\set ECHO none
\i :explain
\set ECHO all
SET synchronous_commit = on; -- or VACUUM may not know yet that what was inserted is there for all
CREATE SCHEMA plain;
CREATE SCHEMA sealed;
CREATE TABLE plain.t (id int PRIMARY KEY, a text COLLATE "C", v varchar(20), n numeric, d date, j jsonb);
INSERT INTO plain.t SELECT g, CASE WHEN g % 11 > 0 THEN 'a' || g % 300 END, 'v' || g % 40, g % 70 + 0.25, date '2000-01-01' + g % 400, jsonb_build_object('k', g % 9) FROM generate_series(1, 3000) g;
CREATE TABLE sealed.t (id int PRIMARY KEY, a gdpr.encrypted_text COLLATE "C", v gdpr.encrypted_varchar(20), n gdpr.encrypted_numeric, d gdpr.encrypted_date, j gdpr.encrypted_jsonb);
INSERT INTO sealed.t SELECT * FROM plain.t;
CREATE TABLE plain.u AS SELECT DISTINCT a, v FROM plain.t WHERE id < 600;
CREATE TABLE sealed.u (a gdpr.encrypted_text COLLATE "C", v gdpr.encrypted_varchar(20));
INSERT INTO sealed.u SELECT * FROM plain.u;
CREATE INDEX ON plain.t (a);
CREATE INDEX ON sealed.t (a);
CREATE INDEX ON plain.t USING hash (v);
CREATE INDEX ON sealed.t USING hash (v);
CREATE INDEX ON plain.t (d DESC, n);
CREATE INDEX ON sealed.t (d DESC, n);
-- No page is all-visible while somebody else has an older snapshot, such as the autovacuum worker that analyses another table.
DO $$ BEGIN
    WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_xmin IS NOT NULL) LOOP
        PERFORM pg_sleep(0.05), pg_stat_clear_snapshot();
    END LOOP;
END $$;
VACUUM ANALYZE plain.t, sealed.t, plain.u, sealed.u;
-- The nodes of a plan, from the top, with what they scan by.
CREATE FUNCTION nodes(query text, path text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    out text := '';
BEGIN
    PERFORM set_config('search_path', path || ', op, public', true);
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        CONTINUE WHEN line !~ '^ *(->|[A-Z][A-Za-z ]+( using| on|$))' OR line ~ ': |Subquery Scan on q$';
        out := concat_ws(' > ', nullif(out, ''), regexp_replace(regexp_replace(line, '^ *(-> +)?', ''), ' (on|using) .*$', ''));
    END LOOP;
    -- Up to PostgreSQL 17 both sides of a set operation went through one list.
    RETURN regexp_replace(out, '(HashSetOp \w+ > )Append > Subquery Scan > (.*) > Subquery Scan', '\1\2');
END $$;
CREATE FUNCTION result(query text, path text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    row record;
    out text := '';
BEGIN
    PERFORM set_config('search_path', path || ', op, public', true);
    FOR row IN EXECUTE query LOOP
        out := md5(out || row::text);
    END LOOP;
    RETURN out;
END $$;
CREATE FUNCTION compared(queries text[]) RETURNS TABLE (query text, same boolean, plan text) LANGUAGE sql AS $$
    SELECT q, op.result(q, 'plain') = op.result(q, 'sealed'), CASE WHEN op.nodes(q, 'plain') = op.nodes(q, 'sealed') THEN op.nodes(q, 'sealed')
           ELSE 'plain: ' || op.nodes(q, 'plain') || ', encrypted: ' || op.nodes(q, 'sealed') END FROM unnest(queries) WITH ORDINALITY AS x(q, number) ORDER BY number $$;
SET enable_bitmapscan = off;
SET max_parallel_workers_per_gather = 0;

-- By index: equality, ranges, IN, = ANY, row comparison, order, min and max, null; by hash.
SELECT * FROM compared(ARRAY['SELECT id FROM t WHERE a = ''a7'' ORDER BY id', 'SELECT id FROM t WHERE a IN (''a7'', ''a8'') ORDER BY id', 'SELECT id FROM t WHERE a = ANY (ARRAY[''a7'', ''a9'', NULL]) ORDER BY id',
    'SELECT id FROM t WHERE a > ''a298'' ORDER BY id', 'SELECT id FROM t WHERE v = ''v7'' AND id < 100 ORDER BY id', 'SELECT min(a), max(a) FROM t', 'SELECT min(d), max(d) FROM t', 'SELECT min(a) || ''!'', max(id) FROM t WHERE a > ''a2'' HAVING max(a) <> ''''', 'SELECT (SELECT max(a) FROM t x WHERE x.id < u.id) FROM (VALUES (1), (20)) u(id)', 'SELECT min(v), max(n) FROM t', 'SELECT min(a), count(*) FROM t', 'SELECT max(x) FROM (SELECT a AS x FROM t) s', 'SELECT a FROM t ORDER BY a LIMIT 5',
    'SELECT d, n FROM t ORDER BY d DESC, n LIMIT 5', 'SELECT id FROM t WHERE (d, n) < (''2000-01-02'', 3.0) ORDER BY id', 'SELECT a FROM t WHERE a IS NULL LIMIT 1', 'SELECT a FROM t WHERE a LIKE ''a29%'' ORDER BY a']);
-- Aggregates, DISTINCT, set operations, windows.
SELECT * FROM compared(ARRAY['SELECT a, count(*) FROM t WHERE id < 500 GROUP BY a ORDER BY a', 'SELECT v, sum(n), max(d) FROM t GROUP BY v ORDER BY v', 'SELECT DISTINCT n FROM t ORDER BY n', 'SELECT DISTINCT ON (v) v, id FROM t ORDER BY v, id',
    'SELECT count(DISTINCT a), count(DISTINCT n) FROM t', 'SELECT v, n, count(*) FROM t GROUP BY GROUPING SETS ((v), (n), ()) ORDER BY v, n', 'SELECT a FROM t UNION SELECT a FROM u ORDER BY a', 'SELECT a FROM t EXCEPT SELECT a FROM u ORDER BY a',
    'SELECT v FROM t INTERSECT SELECT v FROM u ORDER BY v', 'SELECT a FROM t UNION ALL SELECT v FROM u ORDER BY a', 'SELECT id, rank() OVER (PARTITION BY v ORDER BY n), lag(a) OVER (ORDER BY a, id), sum(n) OVER (ORDER BY d RANGE BETWEEN ''3 days'' PRECEDING AND CURRENT ROW) FROM t ORDER BY id',
    'SELECT string_agg(a, '','' ORDER BY a DESC, id), array_agg(n ORDER BY n)::text FROM t WHERE id < 30', 'SELECT mode() WITHIN GROUP (ORDER BY v), percentile_disc(0.3) WITHIN GROUP (ORDER BY d) FROM t', 'SELECT j, count(*) FROM t GROUP BY j ORDER BY j']);
-- Joins of each kind.
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT * FROM compared(ARRAY['SELECT count(*), sum(t.id) FROM t JOIN u ON t.a = u.a AND t.v = u.v', 'SELECT count(*) FROM t LEFT JOIN u USING (a) WHERE u.v IS NULL', 'SELECT count(*) FROM t FULL JOIN u USING (a)', 'SELECT count(*) FROM t WHERE NOT EXISTS (SELECT FROM u WHERE u.a = t.a)',
    'SELECT count(*) FROM t JOIN u ON t.a = u.v']);
RESET enable_mergejoin;
SET enable_hashjoin = off;
SELECT * FROM compared(ARRAY['SELECT count(*), sum(t.id) FROM t JOIN u ON t.a = u.a AND t.v = u.v', 'SELECT count(*) FROM t FULL JOIN u USING (a)', 'SELECT count(*) FROM t x JOIN t y ON x.d = y.d AND x.n = y.n']);
RESET enable_nestloop;
SET enable_mergejoin = off;
SELECT * FROM compared(ARRAY['SELECT count(*), sum(t.id) FROM u JOIN t ON t.a = u.a', 'SELECT count(*) FROM u JOIN LATERAL (SELECT * FROM t WHERE t.a > u.a ORDER BY a LIMIT 2) x ON true']);
RESET enable_hashjoin;
RESET enable_mergejoin;
-- Parallel scans, joins and aggregates.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SELECT * FROM compared(ARRAY['SELECT v, count(*) FROM t GROUP BY v ORDER BY v', 'SELECT count(*) FROM t x JOIN t y USING (a)', 'SELECT a FROM t ORDER BY a, id', 'SELECT count(*) FROM t WHERE lower(v) = ''v7'' OR a ~ ''7$''']) q;
SET max_parallel_workers_per_gather = 0;

-- Partitions by range, list and hash, pruned when planned, when started, and while running.
CREATE TABLE by_range (d gdpr.encrypted_date, a gdpr.encrypted_text) PARTITION BY RANGE (d, a);
CREATE TABLE by_range_1 PARTITION OF by_range FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2000-06-01', 'm');
CREATE TABLE by_range_2 PARTITION OF by_range FOR VALUES FROM ('2000-06-01', 'm') TO (MAXVALUE, MAXVALUE);
CREATE TABLE by_list (v gdpr.encrypted_varchar(20)) PARTITION BY LIST (v);
CREATE TABLE by_list_1 PARTITION OF by_list FOR VALUES IN ('v1', 'v2', NULL);
CREATE TABLE by_list_2 PARTITION OF by_list DEFAULT;
CREATE TABLE by_hash (n gdpr.encrypted_numeric) PARTITION BY HASH (n);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_range SELECT d, a FROM sealed.t WHERE a IS NOT NULL;
INSERT INTO by_list SELECT v FROM sealed.t UNION ALL SELECT NULL;
INSERT INTO by_hash SELECT n FROM sealed.t;
EXPLAIN (COSTS OFF) SELECT FROM by_range WHERE d < '2000-03-01';
EXPLAIN (COSTS OFF) SELECT FROM by_list WHERE v IN ('v1', 'v2');
EXPLAIN (COSTS OFF) SELECT FROM by_list WHERE v IS NULL;
-- Which of the two it is depends on the key.
SELECT count(*) AS scanned FROM (SELECT op.nodes('SELECT FROM by_hash WHERE n = 1.25', 'op') AS plan) s WHERE plan = 'Seq Scan';
PREPARE pruned(date) AS SELECT count(*) FROM by_range WHERE d = $1;
SET plan_cache_mode = force_generic_plan;
SELECT pg_temp.explain($$EXECUTE pruned('2000-09-01')$$, 'COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF');
RESET plan_cache_mode;
SELECT count(*) FROM by_range WHERE d = '2000-09-01';
SELECT count(*) FROM by_hash WHERE n = 1.25;
UPDATE by_list SET v = 'v1' WHERE v = 'v3';
SELECT tableoid::regclass, count(*) FROM by_list GROUP BY 1 ORDER BY 1;
INSERT INTO by_list_1 VALUES ('v9');
SET enable_partitionwise_join = on;
SELECT count(*) FROM by_hash x JOIN by_hash y USING (n);
RESET enable_partitionwise_join;

-- Constraints: exclusion by hash and by btree, checks, generated columns, keys, and what writes against them.
CREATE TABLE room (guest gdpr.encrypted_text CHECK (guest LIKE '_%'), night gdpr.encrypted_date, shout gdpr.encrypted_text GENERATED ALWAYS AS (gdpr.sealed(upper(guest))) STORED,
    EXCLUDE USING hash (guest WITH =), EXCLUDE (night WITH =) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO room (guest, night) VALUES ('anna', '2026-01-01'), ('bruno', '2026-01-02');
INSERT INTO room (guest, night) VALUES ('anna', '2026-01-03');
INSERT INTO room (guest, night) VALUES ('carla', '2026-01-02');
INSERT INTO room (guest) VALUES ('');
INSERT INTO room (guest, night) VALUES ('anna', NULL) ON CONFLICT DO NOTHING;
SELECT guest, shout FROM room WHERE shout = 'ANNA';
CREATE TABLE account (mail gdpr.encrypted_varchar(30), day gdpr.encrypted_date, n int DEFAULT 1, PRIMARY KEY (mail, day));
INSERT INTO account VALUES ('a@b', '2026-01-01'), ('a@b', '2026-01-01') ON CONFLICT (mail, day) DO NOTHING;
INSERT INTO account AS a VALUES ('a@b', '2026-01-01') ON CONFLICT (mail, day) DO UPDATE SET n = a.n + 1 RETURNING mail, n;
MERGE INTO account a USING (VALUES ('a@b', date '2026-01-01'), ('c@d', '2026-01-02')) AS s(mail, day) ON a.mail = s.mail AND a.day = s.day
    WHEN MATCHED THEN UPDATE SET n = 10 WHEN NOT MATCHED THEN INSERT VALUES (s.mail, s.day);
SELECT * FROM account ORDER BY 1;
CREATE TABLE entry (mail gdpr.encrypted_varchar(30), day gdpr.encrypted_date, FOREIGN KEY (mail, day) REFERENCES account ON UPDATE CASCADE ON DELETE CASCADE);
INSERT INTO entry VALUES ('a@b', '2026-01-01');
INSERT INTO entry VALUES ('a@b', '2026-01-02');
UPDATE account SET mail = 'new@b' WHERE mail = 'a@b';
SELECT * FROM entry;
DELETE FROM account WHERE mail = 'new@b';
SELECT count(*) FROM entry;

-- An expression index that is encrypted serves the expression as it is written, also through views, IN and LIKE.
CREATE INDEX t_lower ON sealed.t (gdpr.sealed(lower(v)));
CREATE INDEX t_part ON sealed.t (gdpr.sealed(j ->> 'k'));
ANALYZE sealed.t;
CREATE VIEW seen AS SELECT id, v, a::text AS txt, j FROM sealed.t WHERE id > 0;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM sealed.t WHERE lower(v) = 'v7';
EXPLAIN (COSTS OFF) SELECT id FROM sealed.t WHERE 'v7' = lower(v);
EXPLAIN (COSTS OFF) SELECT s.id FROM seen s WHERE lower(s.v) IN ('v7', 'v8');
EXPLAIN (COSTS OFF) SELECT id FROM sealed.t WHERE j ->> 'k' = '7' AND id > 5;
EXPLAIN (COSTS OFF) SELECT id FROM sealed.t WHERE a::text = 'a7' AND v::text > 'a';
SELECT pg_temp.explain($$SELECT id FROM sealed.t WHERE upper(v) = 'V7'$$);
SELECT pg_temp.explain($$SELECT x.id FROM sealed.t x JOIN plain.u ON lower(x.v) = u.v COLLATE "default"$$);
SELECT count(*) FROM seen s WHERE lower(s.v) IN ('v7', 'v8');
SELECT count(*) FROM sealed.t WHERE lower(v) = 'v7';
SELECT count(*) FROM seen WHERE txt = 'a7';
SELECT count(*) FROM sealed.t WHERE j ->> 'k' = '7';
RESET enable_seqscan;
SELECT (SELECT count(*) FROM sealed.t WHERE lower(v) = 'v7') AS by_filter, (SELECT count(*) FROM plain.t WHERE lower(v) = 'v7') AS plain;

SET client_min_messages = warning;
DROP SCHEMA op, plain, sealed CASCADE;
