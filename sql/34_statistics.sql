-- Statistics: ANALYZE works on plaintext and stores ciphertext, and the planner estimates as over the plain column.
CREATE ROLE st_owner;
CREATE SCHEMA st AUTHORIZATION st_owner;
SET search_path = st, public;
SET ROLE st_owner;
CREATE TABLE plain (id int, t text, v varchar(40), n numeric, d date, j jsonb) WITH (autovacuum_enabled = off);
CREATE TABLE sealed (id int, t gdpr.encrypted_text, v gdpr.encrypted_varchar(40), n gdpr.encrypted_numeric, d gdpr.encrypted_date, j gdpr.encrypted_jsonb)
    WITH (autovacuum_enabled = off);
INSERT INTO plain
SELECT g, CASE WHEN g % 10 > 0 THEN 'street ' || sqrt(g)::int END, CASE WHEN g % 4 = 0 THEN 'common' ELSE 'rare ' || g END, g % 100,
       date '1950-01-01' + g, jsonb_build_object('k', g % 20) FROM generate_series(1, 10000) g;
INSERT INTO sealed SELECT * FROM plain;
ANALYZE plain;
ANALYZE sealed;
RESET ROLE;

-- Rows that the planner expects.
CREATE FUNCTION expected_rows(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN (plan #>> '{0,Plan,Plan Rows}')::numeric;
END $$;
CREATE FUNCTION near(condition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plain numeric := st.expected_rows('SELECT FROM st.plain WHERE ' || condition);
    sealed numeric := st.expected_rows('SELECT FROM st.sealed WHERE ' || condition);
BEGIN
    IF greatest(plain, sealed) <= 1.3 * least(plain, sealed) + 3 THEN RETURN true; END IF;
    RAISE NOTICE '%: % rows expected, of the plain column %', condition, sealed, plain;
    RETURN false;
END $$;
SELECT condition, near(condition) FROM unnest(ARRAY[
    't = ''street 50''', 't <> ''street 50''', 't = ''street 50''::text', 't IS NULL', 't < ''street 3''', 't >= ''street 9''',
    't BETWEEN ''street 2'' AND ''street 3''', 't IN (''street 7'', ''street 8'')', 't = ANY (''{street 7,street 8}''::text[])',
    'v = ''common''', 'v = ''common''::varchar', 'v = ''rare 17''', 'v <> ''common''', 'v > ''rare 5''',
    'n = 7', 'n = 7.0', 'n < 30', 'n > 95', 'n BETWEEN 10 AND 20', 'n > 20 AND n < 40', 'd = ''1960-01-01''', 'd < ''1955-01-01''',
    'd > date ''1975-01-01''', 'd BETWEEN ''1960-01-01'' AND ''1961-01-01''', 'j = ''{"k": 3}''',
    'extract(year FROM d) = 1960', 'upper(t) = ''STREET 50''']) AS condition;
-- Joins and groups.
SELECT expected_rows('SELECT FROM st.sealed a JOIN st.sealed b ON a.v = b.v') / expected_rows('SELECT FROM st.plain a JOIN st.plain b ON a.v = b.v') BETWEEN 0.8 AND 1.25 AS join_near,
       expected_rows('SELECT FROM st.sealed a JOIN st.plain b ON a.n = b.n') / expected_rows('SELECT FROM st.plain a JOIN st.plain b ON a.n = b.n') BETWEEN 0.8 AND 1.25 AS mixed_near,
       expected_rows('SELECT t, count(*) FROM st.sealed GROUP BY t') / expected_rows('SELECT t, count(*) FROM st.plain GROUP BY t') BETWEEN 0.8 AND 1.25 AS groups_near;

-- What is measured agrees; widths are those of the ciphertext.
SELECT p.attname, p.null_frac = s.null_frac AS nulls, abs(p.n_distinct - s.n_distinct) < 0.05 * abs(p.n_distinct) + 1 AS n_distinct,
       abs(coalesce(p.correlation, 0) - coalesce(s.correlation, 0)) < 0.05 AS correlation, s.avg_width - p.avg_width BETWEEN 30 AND 36 AS width,
       (p.most_common_vals IS NULL) = (s.most_common_vals IS NULL) AS common, (p.histogram_bounds IS NULL) = (s.histogram_bounds IS NULL) AS histogram
  FROM pg_stats p JOIN pg_stats s ON s.attname = p.attname AND s.schemaname = 'st' AND s.tablename = 'sealed'
 WHERE p.schemaname = 'st' AND p.tablename = 'plain' AND p.attname <> 'id' ORDER BY 1;
-- The columns' own reader sees plaintext; on disk there is none.
SELECT most_common_vals::text::text[] @> '{common}' AS readable FROM pg_stats WHERE tablename = 'sealed' AND attname = 'v';
SET gdpr.output = 'cipher';
SELECT attname, bool_and(value LIKE 'gdpr-ciphertext-1:%') AS all_ciphertext FROM pg_stats, unnest(coalesce(most_common_vals::text::text[], '{}') || coalesce(histogram_bounds::text::text[], '{}')) AS value
 WHERE schemaname = 'st' AND tablename = 'sealed' AND attname <> 'id' GROUP BY 1 ORDER BY 1;
RESET gdpr.output;
-- Attack: the file of the statistics is read past the types. The plain column's values are there, until they are gone.
CHECKPOINT;
SELECT position('rare 1'::bytea IN content) > 0 AS plain_seen FROM pg_read_binary_file(pg_relation_filepath('pg_statistic')) AS content;
DELETE FROM pg_statistic WHERE starelid = 'st.plain'::regclass;
SELECT count(*) AS columns FROM pg_statistic WHERE starelid = 'st.sealed'::regclass;
VACUUM FULL pg_statistic;
CHECKPOINT;
SELECT position('rare 1'::bytea IN content) > 0 AS plain_left FROM pg_read_binary_file(pg_relation_filepath('pg_statistic')) AS content;

-- ANALYZE in a session without the library, as autovacuum does it, and as the owner.
\set database :DBNAME
ALTER ROLE st_owner LOGIN;
ALTER ROLE st_owner SET session_preload_libraries = 'plpgsql';
ANALYZE plain;
DELETE FROM pg_statistic WHERE starelid = 'st.sealed'::regclass;
\c :database st_owner
ANALYZE st.sealed;
\c :database postgres
SET search_path = st, public;
ALTER ROLE st_owner NOLOGIN;
SELECT condition, near(condition) FROM unnest(ARRAY['t = ''street 50''', 'n < 30', 'v = ''common''']) AS condition;

-- Extended statistics.
CREATE TABLE city (zip gdpr.encrypted_text, name gdpr.encrypted_text, born gdpr.encrypted_date);
INSERT INTO city SELECT 'zip ' || g % 50, 'city ' || g % 50 / 5, date '2000-01-01' + g % 50 FROM generate_series(1, 5000) g;
CREATE STATISTICS city_stats (ndistinct, dependencies, mcv) ON zip, name, born FROM city;
-- Of an expression, its encrypted form: plain results would be kept as they are (apply refuses such an object).
CREATE STATISTICS city_expression ON gdpr.sealed(upper(name)) FROM city;
ANALYZE city;
SELECT expected_rows('SELECT FROM st.city WHERE zip = ''zip 7'' AND name = ''city 1''') BETWEEN 80 AND 120 AS dependencies,
       expected_rows('SELECT zip, name FROM st.city GROUP BY zip, name') = 50 AS ndistinct,
       expected_rows('SELECT FROM st.city WHERE gdpr.sealed(upper(name)) = ''CITY 1''') BETWEEN 400 AND 600 AS expression;
SET gdpr.output = 'cipher';
SELECT count(*) AS items, bool_and(v LIKE 'gdpr-ciphertext-1:%') AS all_ciphertext
  FROM pg_statistic_ext e JOIN pg_statistic_ext_data d ON d.stxoid = e.oid, pg_mcv_list_items(d.stxdmcv) m, unnest(m.values) v WHERE e.stxname = 'city_stats';
SELECT statistics_name, bool_and(v LIKE 'gdpr-ciphertext-1:%') AS all_ciphertext
  FROM pg_stats_ext_exprs, unnest(most_common_vals::text::text[]) v WHERE statistics_schemaname = 'st' GROUP BY 1;
RESET gdpr.output;

RESET ALL;
SET client_min_messages = warning;
DROP SCHEMA st CASCADE;
DROP ROLE st_owner;
