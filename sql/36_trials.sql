-- What trials on real servers taught about encrypted types, one block each; the rest is in the files around this one.
CREATE SCHEMA tr;
SET search_path = tr, public;
\getenv srcdir PG_ABS_SRCDIR
\set explain :srcdir '/test/lib/explain.sql'
\set ECHO none
\i :explain
\set ECHO all
CREATE TABLE plain (id int, t text, v varchar(30), d date, n numeric(10,2), j jsonb);
CREATE TABLE sealed (id int, t gdpr.encrypted_text, v gdpr.encrypted_varchar(30), d gdpr.encrypted_date, n gdpr.encrypted_numeric(10,2), j gdpr.encrypted_jsonb);
INSERT INTO plain SELECT g, 't' || g % 50, 'v' || g % 70, date '2000-01-01' + g % 90, g % 30 + 0.5, jsonb_build_object('k', g % 10, 'z', 1) FROM generate_series(1, 500) g;
INSERT INTO plain VALUES (0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO sealed SELECT * FROM plain;

-- An expression over an encrypted column gives the same type and the same value, or the same error, as over a plain one.
CREATE FUNCTION outcome(expression text, source regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(pg_typeof(%1$s) || '' '' || coalesce((%1$s)::text, ''null''), '','' ORDER BY id) FROM %2$s WHERE id < 4', expression, source) INTO result;
    -- Inside the server a value keeps its encrypted type; the client is told the plain one.
    RETURN replace(replace(result, 'gdpr.encrypted_', ''), 'character varying', 'varchar');
EXCEPTION WHEN OTHERS THEN
    -- Encrypted types name themselves in a message.
    RETURN SQLSTATE || ' ' || replace(replace(SQLERRM, 'gdpr.encrypted_', ''), 'character varying', 'varchar');
END $$;
CREATE FUNCTION compared(expressions text[]) RETURNS TABLE (expression text, parity boolean, outcome text) LANGUAGE sql AS $$
    SELECT e, tr.outcome(e, 'tr.plain') = tr.outcome(e, 'tr.sealed'), CASE WHEN tr.outcome(e, 'tr.plain') = tr.outcome(e, 'tr.sealed')
           THEN left(tr.outcome(e, 'tr.sealed'), 60) ELSE 'plain ' || tr.outcome(e, 'tr.plain') || ', encrypted ' || tr.outcome(e, 'tr.sealed') END
      FROM unnest(expressions) WITH ORDINALITY AS x(e, number) ORDER BY number $$;

-- Operators live in pg_catalog, so they are found whatever the search path is.
SET search_path = '';
SELECT id FROM tr.sealed WHERE t = 't7' AND d = '2000-01-08' ORDER BY id;
SET search_path = tr, public;
SELECT count(*) FROM pg_operator WHERE oprnamespace NOT IN ('pg_catalog'::regnamespace, 'gdpr_operators'::regnamespace) AND (oprleft::regtype::text LIKE 'gdpr.%' OR oprright::regtype::text LIKE 'gdpr.%');
-- But for those that only an operator family and the planner are to find: they would change what plain expressions are.
SELECT DISTINCT oprname FROM pg_operator o WHERE oprnamespace = 'gdpr_operators'::regnamespace AND NOT EXISTS (SELECT FROM pg_amop WHERE amopopr = o.oid) AND oprname <> '<>';
SELECT DISTINCT t.oid::regtype FROM pg_operator o JOIN pg_type t ON t.oid IN (oprleft, oprright) WHERE oprnamespace = 'gdpr_operators'::regnamespace AND typnamespace = 'gdpr'::regnamespace ORDER BY 1;
SELECT oid::regoperator FROM pg_operator WHERE oid >= 16384 AND oprnamespace = 'pg_catalog'::regnamespace AND greatest(oprleft, oprright) < 16384 ORDER BY 1;

-- One implicit cast out: EXTRACT is not moved by a time zone, jsonb does not become text, date stays a date.
SET TimeZone = 'America/New_York';
SELECT * FROM compared(ARRAY['extract(epoch FROM d)', 'extract(hour FROM d)', 'date_part(''year'', d)', 'date_trunc(''month'', d)', 'j || ''{"z": 2}''',
    'j || j', 'd + 1', 'd - ''2000-01-01''', 'd - d', 'd + time ''10:00''', 'd + interval ''1 month''', '(d, d + 1) OVERLAPS (date ''2000-01-02'', date ''2000-01-03'')',
    'd::timestamp', 'd::timestamptz', 'd = ''2000-01-02''', 'd < now()', 'd < timestamp ''2000-01-03''', 'to_char(d, ''YYYY'')', 'age(d)  < interval ''1 day''', 'isfinite(d)',
    'd BETWEEN ''2000-01-01'' AND ''2000-02-01''', 'd IN (''2000-01-02'', ''2000-01-03'')', 'make_interval(days => d - date ''2000-01-01'')']);
RESET TimeZone;
-- Widening casts in: COALESCE, CASE, UNION, GREATEST and arrays find the common type.
SELECT * FROM compared(ARRAY['coalesce(n, 0)', 'coalesce(n, 0::smallint)', 'coalesce(n, 0.5)', 'coalesce(0, n)', 'CASE WHEN id = 1 THEN n ELSE 0 END',
    'CASE WHEN id = 1 THEN 0 ELSE n END', 'greatest(n, 3)', 'least(n, 3.25)', 'nullif(n, 1)', '(ARRAY[n, 1])[2]', 'n = ANY (ARRAY[1, 1.5])', 'coalesce(t, v)',
    'coalesce(v, t)', 'coalesce(v, ''x'')', 'coalesce(t, d)', 'coalesce(d, ''2000-01-01'')', 'greatest(t, v)', 'CASE WHEN true THEN v ELSE t END', 'coalesce(j, ''{}'')']);
SELECT pg_typeof(x), count(*), sum(x) FROM (SELECT n AS x FROM sealed UNION ALL SELECT 1) u GROUP BY 1;
SELECT pg_typeof(x)::text, count(*) FROM (SELECT t AS x FROM sealed UNION SELECT v FROM sealed UNION SELECT 'one') u GROUP BY 1;
-- Numbers, text and documents.
SELECT * FROM compared(ARRAY['n * 2', 'n * 2.5', 'n * 2::float8', '2 * n', 'n / 3', 'n % 2', 'n ^ 2', '-n', '@ n', 'n::int', 'n::int + 1', 'round(n)', 'round(n, 1)', 'round(n, -1)', 'sqrt(n)',
    'n = 1.5', 'n = 1', 'n > 1::bigint', 'n < 1.5::float8', 'n < ''1.50''', 'n::text', 'to_char(n, ''99.9'')', 'width_bucket(n, 0, 10, 5)', 'n + n', 'mod(n, 2)', 'sign(n)', 'n / 0']);
SELECT * FROM compared(ARRAY['t || ''x''', 't || 1', 't || n', '''x'' || t', 't || t', 't || v', 'v || v', 't || NULL', 't || d', 'concat(t, v, n, d)', 'format(''%s %L'', t, v)', 't LIKE ''t_''', 't ~ ''1$''', 't ILIKE v',
    'upper(v)', 'length(t)', 'substr(v, 1, 1)', 'left(t, 1)', 't < v', 't = v', 'v >= ''v1''', 't COLLATE "C" < ''t2''', 't::varchar(1)', 't::int', 'v::char(4)', 'md5(t)', 'quote_literal(v)',
    'string_to_array(t, ''1'')', 't = CURRENT_USER', 'position(''1'' IN t)', 'overlay(t PLACING ''X'' FROM 1)', 't IS DISTINCT FROM v', 't SIMILAR TO ''t[12]''', 'ascii(v)', 'encode(convert_to(t, ''UTF8''), ''hex'')']);
SELECT * FROM compared(ARRAY['j -> ''k''', 'j ->> ''k''', 'j #> ''{k}''', 'j @> ''{"z": 1}''', 'j ? ''k''', 'j - ''z''', 'j = ''{"k": 1, "z": 1}''', 'j || ''[1]''', 'jsonb_typeof(j)', 'jsonb_set(j, ''{k}'', ''9'')', 'j[''k'']',
    '(j -> ''k'')::int', 'j @? ''$.k''', 'j #- ''{k}''', 'jsonb_pretty(j)', 'to_jsonb(j)', 'to_json(n)', 'to_jsonb(d)', 'row_to_json(ROW(t, n, d, j))', 'jsonb_build_object(''a'', n, ''b'', t, ''c'', j)', 'jsonb_build_array(d, n)']);

-- Nothing about plain expressions changes because the extension is here.
SELECT 1 = 1.5 AS a, 1 < 1.5::float8 AS b, round(5, 2) AS c, pg_typeof(round(5, 2)) AS d, pg_typeof(1 + 1.5) AS e, pg_typeof(2::smallint * 1.5::real) AS f,
       date '2000-01-01' = timestamp '2000-01-01' AS g, pg_typeof(date '2000-01-01' + 1) AS h, 'a' || 1 AS i, coalesce(1, 2.5) AS j, 5 BETWEEN 1 AND 7.5 AS k,
       extract(year FROM date '2000-01-01') AS l, power(2, 3) AS m, pg_typeof(power(2, 3)) AS n, '{"a": 1}'::jsonb || '{"b": 2}' AS o, 'a'::text = 'a'::varchar AS p, 3 % 2.0 AS q;

-- Merge joins across types: the plain pair is in the family too.
SET enable_hashjoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM sealed s JOIN plain p ON s.t = p.t;
SELECT (SELECT count(*) FROM sealed s JOIN plain p ON s.t = p.t) AS text_text, (SELECT count(*) FROM plain p JOIN sealed s ON p.v = s.t) AS varchar_text,
       (SELECT count(*) FROM sealed s JOIN plain p ON s.v = p.v) AS varchar_varchar, (SELECT count(*) FROM sealed s JOIN plain p ON s.d = p.d) AS date_date,
       (SELECT count(*) FROM sealed s JOIN plain p ON s.n = p.n) AS numeric_numeric, (SELECT count(*) FROM sealed s JOIN plain p ON s.j = p.j) AS jsonb_jsonb,
       (SELECT count(*) FROM sealed s LEFT JOIN plain p ON s.t = p.t AND s.d = p.d) AS two_keys;
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT (SELECT count(*) FROM sealed s JOIN plain p ON s.t = p.t) AS text_text, (SELECT count(*) FROM plain p JOIN sealed s ON p.v = s.t) AS varchar_text,
       (SELECT count(*) FROM sealed s JOIN plain p ON s.v = p.v) AS varchar_varchar, (SELECT count(*) FROM sealed s JOIN plain p ON s.d = p.d) AS date_date,
       (SELECT count(*) FROM sealed s JOIN plain p ON s.n = p.n) AS numeric_numeric, (SELECT count(*) FROM sealed s JOIN plain p ON s.j = p.j) AS jsonb_jsonb;
-- The keyed hash is of what the type takes for equal: 1.0 and 1.00, and the cases of a nondeterministic collation.
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE equal_values (n gdpr.encrypted_numeric, t gdpr.encrypted_text COLLATE no_case, j gdpr.encrypted_jsonb);
INSERT INTO equal_values VALUES (1.0, 'Abc', '{"a": 1.0}'), (1.00, 'aBC', '{"a": 1.00}'), (1, 'abc', '{ "a" : 1 }');
SET enable_sort = off;
SELECT count(*) AS n FROM (SELECT n FROM equal_values GROUP BY n) s;
SELECT count(*) AS t FROM (SELECT t FROM equal_values GROUP BY t) s;
SELECT count(*) AS j FROM (SELECT j FROM equal_values GROUP BY j) s;
RESET enable_sort;

-- A default that apply() left is sealed anew in each row. A literal is sealed once for its statement, and each of its
-- rows shows equality: the type alone cannot know.
CREATE TABLE defaults (id int, t text DEFAULT 'unknown', d date DEFAULT '2000-01-01');
SECURITY LABEL FOR gdpr ON COLUMN defaults.t IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN defaults.d IS 'personal, encrypted';
CALL gdpr.apply('defaults');
INSERT INTO defaults SELECT g FROM generate_series(1, 50) g;
INSERT INTO defaults (id) VALUES (51);
COPY defaults (id) FROM STDIN;
52
53
\.
SET gdpr.output = 'cipher';
SELECT count(*), count(DISTINCT format('%s', t)) AS texts, count(DISTINCT format('%s', d)) AS dates FROM defaults;
RESET gdpr.output;
SELECT DISTINCT t, d FROM defaults;

-- What works as it is: partition pruning, indexes by = ANY, ON CONFLICT, row comparison, keys.
CREATE TABLE pruned (d gdpr.encrypted_date, t gdpr.encrypted_text) PARTITION BY RANGE (d);
CREATE TABLE pruned_1 PARTITION OF pruned FOR VALUES FROM ('2000-01-01') TO ('2000-02-01');
CREATE TABLE pruned_2 PARTITION OF pruned FOR VALUES FROM ('2000-02-01') TO ('2001-01-01');
INSERT INTO pruned SELECT d, t FROM sealed WHERE d IS NOT NULL;
EXPLAIN (COSTS OFF) SELECT FROM pruned WHERE d = '2000-01-08';
EXPLAIN (COSTS OFF) SELECT FROM pruned WHERE d < date '2000-01-15';
PREPARE by_day(date) AS SELECT count(*) FROM pruned WHERE d = $1;
SET plan_cache_mode = force_generic_plan;
SELECT pg_temp.explain($$EXECUTE by_day('2000-01-08')$$, 'COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF');
RESET plan_cache_mode;
CREATE TABLE listed (t gdpr.encrypted_text) PARTITION BY LIST (t);
CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('a', 'A');
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
INSERT INTO listed VALUES ('a'), ('A'), ('b');
SELECT tableoid::regclass, count(*) FROM listed GROUP BY 1 ORDER BY 1;
EXPLAIN (COSTS OFF) SELECT FROM listed WHERE t = 'a';

-- Arrays of encrypted values, %TYPE, composite values.
DO $$
DECLARE
    one tr.sealed.t%TYPE := 'abc';
    day tr.sealed.d%TYPE;
    whole tr.sealed;
BEGIN
    SELECT d INTO day FROM tr.sealed WHERE id = 3;
    SELECT * INTO whole FROM tr.sealed WHERE id = 3;
    one := one || '!' || whole.t;
    whole.n := whole.n + 1;
    RAISE NOTICE '% % % % %', one, length(one), day + 1, whole.n, whole.j ->> 'k';
END $$;
SELECT array_agg(t ORDER BY id), (array_agg(n ORDER BY id))[2] + 1, array_length(array_agg(d), 1) FROM sealed WHERE id BETWEEN 1 AND 3;
-- What the plain type reaches by a cast of its own.
SELECT * FROM compared(ARRAY['coalesce(d, timestamp ''2000-01-01'')']);
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM sealed;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n::numeric) FROM sealed;
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d), min(t), max(v), sum(n), avg(n) FROM sealed;
SELECT (s).t, (s).n FROM (SELECT sealed AS s FROM sealed WHERE id = 3) x;

-- An array of a narrower type: the overload that decides is not inlined there, and the index serves all the same.
CREATE TABLE counted AS SELECT g::numeric AS plain, g::numeric::gdpr.encrypted_numeric AS n FROM generate_series(1, 2000) g;
CREATE INDEX ON counted (plain);
CREATE INDEX ON counted (n);
ANALYZE counted;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT FROM counted WHERE plain = ANY (ARRAY[1, 2, 3]);
EXPLAIN (COSTS OFF) SELECT FROM counted WHERE n = ANY ('{1,2,3}'::int[]);
RESET enable_bitmapscan;
SELECT plain, n FROM counted WHERE plain = ANY (ARRAY[1, 2, NULL, 3000]) AND n = ANY (ARRAY[2, 1]) ORDER BY 1;
SELECT count(*) FROM counted WHERE plain <> ALL (ARRAY[1, 2]) AND (SELECT n < ANY (ARRAY[500, 400]));

-- Over plain types nothing is otherwise: what NULLIF gives, and comparisons of rows by an index of theirs.
SELECT pg_typeof(nullif(1, 1.5)), pg_typeof(nullif(1::int8, 1.5)), pg_typeof(nullif(time '10:00', interval '1 h')), pg_typeof(nullif('a'::varchar, 'b'));
CREATE INDEX ON counted (plain, (plain + 1));
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM counted WHERE (plain, plain + 1) > (1990, 5);
SET search_path = gdpr, tr, public;
SELECT 1.5 < 2 AS decided, pg_typeof(nullif(1, 1.5));
SET search_path = tr, public;
-- And over encrypted ones as over plain: the operators are not in sight, and have the index all the same.
CREATE TABLE hidden (id int, v gdpr.encrypted_varchar(9), c gdpr.encrypted_bpchar(4), n gdpr.encrypted_numeric(6,2), i gdpr.encrypted_interval);
INSERT INTO hidden SELECT g, 'v' || g, 'c' || g % 100, g / 4.0, g * interval '1 min' FROM generate_series(1, 2000) g;
CREATE INDEX hidden_v ON hidden (v);
CREATE INDEX hidden_c ON hidden (c);
CREATE INDEX hidden_n ON hidden (n);
CREATE INDEX hidden_i ON hidden (i);
ANALYZE hidden;
SET enable_bitmapscan = off;
SELECT pg_typeof(nullif(v, 'x')), pg_typeof(nullif(c, 'x')) = 'gdpr.encrypted_bpchar'::regtype, pg_typeof(nullif(n, 1.5)), pg_typeof(nullif(n, 1)) = 'gdpr.encrypted_numeric'::regtype FROM hidden LIMIT 1;
EXPLAIN (COSTS OFF) SELECT FROM hidden WHERE v = 'v7';
EXPLAIN (COSTS OFF) SELECT FROM hidden WHERE c = 'c7'::char(4);
EXPLAIN (COSTS OFF) SELECT FROM hidden WHERE n = 5;
EXPLAIN (COSTS OFF) SELECT FROM hidden WHERE n IN (5, '6', 7.5) AND n > 4;
EXPLAIN (COSTS OFF) SELECT FROM hidden WHERE (n, id) > (499.5, 3);
EXPLAIN (COSTS OFF) SELECT FROM hidden WHERE i = time '00:07';
SELECT (SELECT count(*) FROM hidden WHERE c = 'c7'), (SELECT count(*) FROM hidden WHERE c = 'c7  '::text), (SELECT min(id) FROM hidden WHERE n = 5), (SELECT count(*) FROM hidden WHERE n IN (5, '6', 7.5)),
    (SELECT count(*) FROM hidden WHERE (n, id) > (499.5, 3)), (SELECT id FROM hidden WHERE i = time '00:07'), (SELECT count(*) FROM hidden a JOIN hidden b USING (v) WHERE a.n <> b.n);
SELECT c, length(c), octet_length(c), c || '|' FROM hidden WHERE id = 7;
INSERT INTO hidden (c) VALUES ('too long');
-- A function that a plain date leaves undecided.
SELECT timestamptz(d, '2') FROM sealed;
SELECT date_bin(i, '2000-01-01', '2000-01-01') FROM hidden;
-- Arrays of encrypted values beside plain ones; where other types go to the type by themselves, with a cast.
SELECT array_agg(d ORDER BY id) = ARRAY[date '2000-01-03', '2000-01-04'], ARRAY[date '2000-01-04', '2000-01-03', NULL] @> array_agg(d ORDER BY id), array_agg(d) && ARRAY[date '2000-01-03'] FROM sealed WHERE id IN (2, 3);
SELECT array_agg(n ORDER BY id) = ARRAY[1.5] FROM sealed WHERE id = 2;
CREATE INDEX ON sealed USING gin (j);

SET client_min_messages = warning;
DROP SCHEMA tr CASCADE;
