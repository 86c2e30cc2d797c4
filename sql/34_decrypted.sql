-- How many values a statement decrypts, as EXPLAIN (ANALYZE) tells. Each statement is a transaction: within one, values
-- that were compared lately are remembered.
CREATE SCHEMA dec;
SET search_path = dec, public;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE t (id int PRIMARY KEY, a gdpr.encrypted_text, b gdpr.encrypted_text, n gdpr.encrypted_int4);
INSERT INTO t SELECT g, 'a' || g, 'b' || g % 10, g FROM generate_series(1, 1000) g;
CREATE TABLE few (a gdpr.encrypted_text);
INSERT INTO few SELECT 'a' || g FROM generate_series(1, 100) g;
VACUUM ANALYZE t, few;
CREATE FUNCTION decrypted(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    line text;
    n bigint := 0;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        n := n + coalesce(substring(line FROM '^Decrypted Values: (\d+)$')::bigint, 0);
    END LOOP;
    RETURN n;
END $$;

-- Nothing is asked for, nothing is decrypted; and EXPLAIN alone executes nothing.
SELECT decrypted('SELECT count(*) FROM t');
SELECT decrypted('SELECT a FROM t');
SELECT decrypted('SELECT count(*) FROM t WHERE id < 100 AND a IS NOT NULL');
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE a > 'a5';
DO $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) SELECT FROM dec.t WHERE n = 5 AND id < 3' INTO plan;
    RAISE NOTICE '%', plan -> 1;
END $$;
SELECT decrypted('SELECT FROM t WHERE lower(a) = ''x''');
SELECT decrypted('SELECT FROM t WHERE id <= 10 AND a LIKE ''%x''');
-- Sorts, in memory and spilled, and of a few rows of many.
SELECT decrypted('SELECT id FROM t ORDER BY a');
SELECT n BETWEEN 2000 AND 2100 FROM decrypted('SELECT id FROM t ORDER BY b, a') n;
SELECT decrypted('SELECT id FROM t ORDER BY n DESC');
SELECT n BETWEEN 1000 AND 1010 FROM decrypted('SELECT id FROM t ORDER BY a LIMIT 5') n;
-- Groups by hashing; in joins and set operations, which compare what has the same hash, rows that find a partner once more.
SET enable_sort = off;
SELECT decrypted('SELECT count(*) FROM t GROUP BY a');
SELECT decrypted('SELECT count(*) FROM t GROUP BY b');
SELECT decrypted('SELECT DISTINCT b FROM t');
SELECT decrypted('SELECT a FROM t UNION SELECT a FROM few');
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT decrypted('SELECT count(*) FROM t JOIN few USING (a)');
SELECT decrypted('SELECT a FROM t INTERSECT SELECT a FROM few');
SELECT decrypted('SELECT a FROM t EXCEPT SELECT a FROM few');
SELECT decrypted('SELECT a FROM t EXCEPT ALL SELECT a FROM few');
-- A merge join compares what has been sorted.
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SET enable_sort = on;
SELECT n BETWEEN 2100 AND 2200 FROM decrypted('SELECT count(*) FROM t JOIN few USING (a)') n;
RESET ALL;
SET search_path = dec, public;
SET max_parallel_workers_per_gather = 0;
-- By index: what a descent compares; min and max; an ordered scan nothing.
CREATE INDEX t_a ON t (a);
SET enable_seqscan = off;
SELECT n BETWEEN 1 AND 25 FROM decrypted('SELECT id FROM t WHERE a = ''a77''') n;
SELECT decrypted('SELECT min(a) FROM t');
SELECT decrypted('SELECT id FROM t ORDER BY a');
SELECT n BETWEEN 1 AND 25 FROM decrypted('SELECT id FROM t WHERE a IN (''a77'', ''a78'')') n;
SELECT n BETWEEN 1 AND 25 FROM decrypted('INSERT INTO t VALUES (2000, ''a2000'', ''b'', 1)') n;
SELECT n BETWEEN 1 AND 25 FROM decrypted('UPDATE t SET b = ''c'' WHERE id = 3') n;
SET client_min_messages = warning;
DROP SCHEMA dec CASCADE;
