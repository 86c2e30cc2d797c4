-- Gates: reading by every clause of a statement.
-- Each is tried without the gate, where it tells, and with it (hide, mask, deny), where it must not; on a plain column
-- and on an encrypted one.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
-- Attack: directly
SELECT * FROM ga.attack($a$SELECT id, %c FROM ga.t$a$);
-- Attack: the whole row
SELECT * FROM ga.attack($a$SELECT t FROM ga.t$a$);
-- Attack: t.*
SELECT * FROM ga.attack($a$SELECT t.* FROM ga.t$a$);
-- Attack: row_to_json
SELECT * FROM ga.attack($a$SELECT row_to_json(t) FROM ga.t$a$);
-- Attack: to_jsonb, and the path to the field
SELECT * FROM ga.attack($a$SELECT to_jsonb(t) ->> '%c' FROM ga.t$a$);
-- Attack: the row as text
SELECT * FROM ga.attack($a$SELECT t::text FROM ga.t$a$);
-- Attack: a field of the whole row
SELECT * FROM ga.attack($a$SELECT (t).%c FROM ga.t$a$);
-- Attack: by an alias and a subquery
SELECT * FROM ga.attack($a$SELECT x.y FROM (SELECT %c AS y FROM ga.t) x$a$);
-- Attack: by WITH
SELECT * FROM ga.attack($a$WITH x AS MATERIALIZED (SELECT * FROM ga.t), y AS (SELECT * FROM x) SELECT %c FROM y$a$);
-- Attack: by WITH RECURSIVE
SELECT * FROM ga.attack($a$WITH RECURSIVE x(i, v) AS (SELECT 0, %c FROM ga.t UNION ALL SELECT i + 1, v FROM x WHERE i < 2) SELECT v FROM x$a$);
-- Attack: by LATERAL
SELECT * FROM ga.attack($a$SELECT x FROM ga.t, LATERAL (SELECT upper(t.%c)) AS x$a$);
-- Attack: by a function in FROM
SELECT * FROM ga.attack($a$SELECT x FROM ga.t, LATERAL unnest(ARRAY[t.%c::text]) AS x$a$);
-- Attack: by a scalar subquery
SELECT * FROM ga.attack($a$SELECT (SELECT max(%c) FROM ga.t)$a$);
-- Attack: by an array of a subquery
SELECT * FROM ga.attack($a$SELECT ARRAY(SELECT %c FROM ga.t)$a$);
-- Attack: by UNION
SELECT * FROM ga.attack($a$SELECT note FROM ga.other UNION SELECT %c::text FROM ga.t$a$);
-- Attack: by EXCEPT
SELECT * FROM ga.attack($a$SELECT %c::text FROM ga.t EXCEPT SELECT note FROM ga.other$a$);
-- Attack: by a join
SELECT * FROM ga.attack($a$SELECT b.%c FROM ga.t a JOIN ga.t b USING (id)$a$);
-- Attack: a column that a join merges
SELECT * FROM ga.attack($a$SELECT %c FROM ga.t a JOIN ga.t b USING (%c)$a$);
-- Attack: the whole row of a join
SELECT * FROM ga.attack($a$SELECT j FROM (ga.t a JOIN ga.t b USING (id)) AS j$a$);
-- Attack: the whole row behind an outer join
SELECT * FROM ga.attack($a$SELECT b FROM ga.other a LEFT JOIN ga.t b ON b.id = a.id$a$);
-- Attack: an aggregate
SELECT * FROM ga.attack($a$SELECT string_agg(%c::text, ',') FROM ga.t$a$);
-- Attack: an aggregate with FILTER and ORDER BY
SELECT * FROM ga.attack($a$SELECT array_agg(t ORDER BY %c) FILTER (WHERE %c IS NOT NULL OR true) FROM ga.t$a$);
-- Attack: an ordered-set aggregate
SELECT * FROM ga.attack($a$SELECT mode() WITHIN GROUP (ORDER BY %c::text) FROM ga.t$a$);
-- Attack: GROUP BY
SELECT * FROM ga.attack($a$SELECT %c, count(*) FROM ga.t GROUP BY %c$a$);
-- Attack: GROUP BY grouping sets
SELECT * FROM ga.attack($a$SELECT %c::text, count(*) FROM ga.t GROUP BY GROUPING SETS ((%c), ())$a$);
-- Attack: the key of the table in GROUP BY
SELECT * FROM ga.attack($a$SELECT id, %c FROM ga.t GROUP BY id$a$);
-- Attack: DISTINCT
SELECT * FROM ga.attack($a$SELECT DISTINCT %c FROM ga.t$a$);
-- Attack: DISTINCT ON
SELECT * FROM ga.attack($a$SELECT DISTINCT ON (id) id, %c FROM ga.t ORDER BY id$a$);
-- Attack: a window
SELECT * FROM ga.attack($a$SELECT first_value(%c) OVER (ORDER BY id), lag(t) OVER (ORDER BY id) FROM ga.t$a$);
-- Attack: VALUES
SELECT * FROM ga.attack($a$SELECT x FROM ga.t, LATERAL (VALUES (t.%c)) AS v(x)$a$);
-- Attack: XMLTABLE
SELECT * FROM ga.attack($a$SELECT x.v FROM ga.t, LATERAL XMLTABLE('/a' PASSING xmlelement(name a, t.%c::text) COLUMNS v text PATH '.') x$a$);
-- Attack: TABLESAMPLE
SELECT * FROM ga.attack($a$SELECT %c FROM ga.t TABLESAMPLE SYSTEM (100)$a$);
-- Attack: FOR UPDATE
SELECT * FROM ga.attack($a$SELECT %c FROM ga.t FOR UPDATE$a$);
-- Attack: CASE and COALESCE
SELECT * FROM ga.attack($a$SELECT CASE WHEN true THEN coalesce(%c, 'x') END FROM ga.t$a$);
-- Attack: concatenation and format
SELECT * FROM ga.attack($a$SELECT format('%s', t::text), '-' || %c FROM ga.t$a$);
-- Attack: row_security = off
SELECT * FROM ga.attack($a$SET LOCAL row_security = off$a$, $a$SELECT %c FROM ga.t$a$);
-- Attack: parallel workers
SELECT * FROM ga.attack($a$SET LOCAL parallel_setup_cost = 0$a$, $a$SET LOCAL parallel_tuple_cost = 0$a$, $a$SET LOCAL min_parallel_table_scan_size = 0$a$, $a$SELECT %c FROM ga.t$a$);
-- Attack: query_to_xml and table_to_xml
SELECT * FROM ga.attack($a$SELECT query_to_xml('SELECT %c FROM ga.t', true, false, ''), table_to_xml('ga.t', true, false, '')$a$);
-- Attack: system columns, and the row they lead to
SELECT * FROM ga.attack($a$SELECT %c FROM ga.t WHERE ctid IN (SELECT ctid FROM ga.t) AND xmin IS NOT NULL AND tableoid = 'ga.t'::regclass$a$);
-- Attack: a fingerprint of the value
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t WHERE md5(%c::text) = md5('secret1@example.it')$a$);
\set ECHO none
\i :down
