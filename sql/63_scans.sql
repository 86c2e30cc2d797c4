-- Sequential scans under the policy: as PostgreSQL's own, less the rows that are hidden.
\set VERBOSITY terse
SET client_min_messages = warning;
\getenv srcdir PG_ABS_SRCDIR
\set explain :srcdir '/test/lib/explain.sql'
\set ECHO none
\i :explain
\set ECHO all
CREATE ROLE sc_app;
-- The key behind columns that may be null, long, and missing in old rows; keys of each kind that is compared by its bytes.
CREATE TABLE sc_person (id int PRIMARY KEY, name text, note text);
CREATE TABLE sc_small (name text, id smallint PRIMARY KEY, note text);
CREATE TABLE sc_big (note text, born date, id bigint PRIMARY KEY);
CREATE TABLE sc_text (id text PRIMARY KEY, note text);
CREATE TABLE sc_uuid (note int, id uuid PRIMARY KEY, name text);
CREATE TABLE sc_visit (id int PRIMARY KEY, note text);
INSERT INTO sc_visit SELECT g, NULL FROM generate_series(1, 10) g;
ALTER TABLE sc_visit ADD person_id int REFERENCES sc_person;
-- Integers that are alike in their last bits, and their negatives.
INSERT INTO sc_person SELECT g * 65536, CASE WHEN g % 3 > 0 THEN 'name ' || g END, CASE WHEN g % 2 = 0 THEN repeat('x', g) END FROM generate_series(-1000, 1000) g;
INSERT INTO sc_small SELECT CASE WHEN g % 3 > 0 THEN repeat('y', 1 + g % 7) END, g, NULL FROM generate_series(1, 1000) g;
INSERT INTO sc_big SELECT CASE WHEN g % 3 > 0 THEN 'note' END, CASE WHEN g % 2 = 0 THEN '2000-01-01'::date END, g * 4294967296 FROM generate_series(1, 1000) g;
-- Some too long to lie in their row as they are.
INSERT INTO sc_text SELECT 'key ' || g || CASE WHEN g % 50 = 0 THEN repeat(' long', 400) ELSE '' END, 'note' FROM generate_series(1, 1000) g;
INSERT INTO sc_uuid SELECT CASE WHEN g % 3 > 0 THEN g END, md5(g::text)::uuid, 'name' FROM generate_series(1, 1000) g;
INSERT INTO sc_visit SELECT g, 'visit', CASE WHEN g % 7 > 0 THEN (g % 1000) * 65536 END FROM generate_series(11, 2000) g;
ANALYZE sc_person, sc_small, sc_big, sc_text, sc_uuid, sc_visit;
GRANT SELECT ON sc_person, sc_small, sc_big, sc_text, sc_uuid, sc_visit TO sc_app;
SECURITY LABEL FOR gdpr ON TABLE sc_person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE sc_small IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE sc_big IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE sc_text IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE sc_uuid IS 'subject';
CALL gdpr.apply();
CREATE TABLE sc_hidden (of regclass, key text);
INSERT INTO sc_hidden
    SELECT 'sc_person', id::text FROM sc_person WHERE id / 65536 % 10 = 0 UNION ALL
    SELECT 'sc_small', id::text FROM sc_small WHERE id % 10 = 0 UNION ALL
    SELECT 'sc_big', id::text FROM sc_big WHERE id / 4294967296 % 10 = 0 UNION ALL
    SELECT 'sc_text', id FROM sc_text WHERE length(id) % 5 = 0 OR length(id) > 1000 UNION ALL
    SELECT 'sc_uuid', id::text FROM sc_uuid WHERE note % 10 = 0;
INSERT INTO gdpr.restriction (subject_table, key, kind, reason) SELECT of, key, 'request', 'test' FROM sc_hidden;
-- What is to be seen, and what is, whole rows of it.
CREATE TABLE sc_truth AS
    SELECT 'sc_person' AS of, count(*) AS rows, md5(string_agg(t::text, '' ORDER BY t::text)) AS digest FROM sc_person t WHERE ('sc_person'::regclass, id::text) NOT IN (SELECT of, key FROM sc_hidden) UNION ALL
    SELECT 'sc_small', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_small t WHERE ('sc_small'::regclass, id::text) NOT IN (SELECT of, key FROM sc_hidden) UNION ALL
    SELECT 'sc_big', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_big t WHERE ('sc_big'::regclass, id::text) NOT IN (SELECT of, key FROM sc_hidden) UNION ALL
    SELECT 'sc_text', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_text t WHERE ('sc_text'::regclass, id::text) NOT IN (SELECT of, key FROM sc_hidden) UNION ALL
    SELECT 'sc_uuid', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_uuid t WHERE ('sc_uuid'::regclass, id::text) NOT IN (SELECT of, key FROM sc_hidden) UNION ALL
    SELECT 'sc_visit', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_visit t WHERE person_id IS NULL OR ('sc_person'::regclass, person_id::text) NOT IN (SELECT of, key FROM sc_hidden);
CREATE VIEW sc_seen AS
    SELECT 'sc_person' AS of, count(*) AS rows, md5(string_agg(t::text, '' ORDER BY t::text)) AS digest FROM sc_person t UNION ALL
    SELECT 'sc_small', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_small t UNION ALL
    SELECT 'sc_big', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_big t UNION ALL
    SELECT 'sc_text', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_text t UNION ALL
    SELECT 'sc_uuid', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_uuid t UNION ALL
    SELECT 'sc_visit', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM sc_visit t;
ALTER VIEW sc_seen SET (security_invoker = true);
GRANT SELECT ON sc_seen, sc_truth TO sc_app;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
SET jit = off;
SELECT of, rows FROM sc_truth;
SET ROLE sc_app;
SELECT * FROM sc_seen EXCEPT SELECT * FROM sc_truth;
-- By the processes of a parallel query.
RESET ROLE;
GRANT SELECT ON sc_hidden TO sc_app;
SET ROLE sc_app;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT count(*) FROM sc_person;
SELECT * FROM sc_seen EXCEPT SELECT * FROM sc_truth;
SELECT count(*) FROM sc_person;
SELECT count(*) FROM sc_visit;
SET max_parallel_workers_per_gather = 0;
-- What is hidden is counted as removed.
SELECT pg_temp.explain($$SELECT * FROM sc_small$$, 'ANALYZE, COSTS off, TIMING off, SUMMARY off');
SELECT pg_temp.explain($$SELECT * FROM sc_small LIMIT 3$$, 'ANALYZE, COSTS off, TIMING off, SUMMARY off');
-- Scans that begin anew, within one statement.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT pg_temp.explain($$SELECT * FROM generate_series(1, 3) g LEFT JOIN sc_small ON true$$, 'ANALYZE, COSTS off, TIMING off, SUMMARY off');
SELECT g, count(*), min(id), max(id) FROM generate_series(8, 11) g, LATERAL (SELECT id FROM sc_small OFFSET g LIMIT 5) s GROUP BY g ORDER BY g;
-- Forth and back, past both ends.
BEGIN;
DECLARE sc SCROLL CURSOR FOR SELECT id FROM sc_small;
FETCH 2 FROM sc;
MOVE 6 FROM sc;
FETCH 3 FROM sc;
FETCH BACKWARD 3 FROM sc;
FETCH ABSOLUTE 900 FROM sc;
FETCH NEXT FROM sc;
FETCH PRIOR FROM sc;
FETCH FIRST FROM sc;
FETCH PRIOR FROM sc;
FETCH NEXT FROM sc;
-- Another is restricted while the cursor is open: the rest of it shows them no more.
RESET ROLE;
SELECT gdpr.restrict('sc_small', '3', 'asked');
SET ROLE sc_app;
FETCH 3 FROM sc;
MOVE ABSOLUTE 0 FROM sc;
FETCH 3 FROM sc;
ROLLBACK;
-- Columns that are worked out, other conditions, and system columns leave it to PostgreSQL.
SELECT count(*), count(DISTINCT upper) FROM (SELECT upper(name) FROM sc_small OFFSET 0) s;
SELECT count(*) FROM sc_small WHERE name = 'y';
SELECT count(*) FROM (SELECT ctid FROM sc_small OFFSET 0) s;
SELECT count(*) FROM (SELECT id FROM sc_small FOR SHARE) s;
RESET ROLE;
GRANT UPDATE ON sc_small TO sc_app;
SET ROLE sc_app;
SELECT count(*) FROM (SELECT id FROM sc_small FOR SHARE) s;
BEGIN;
UPDATE sc_small SET note = 'changed';
SELECT count(*), count(note) FROM sc_small;
ROLLBACK;
RESET ROLE;
DELETE FROM gdpr.restriction;
DROP VIEW sc_seen;
DROP TABLE sc_hidden, sc_truth, sc_visit, sc_person, sc_small, sc_big, sc_text, sc_uuid;
DROP ROLE sc_app;
