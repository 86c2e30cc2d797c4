-- The type-behaviour matrix: what a column of each encrypted type can do, tried beside a plain column. Every cell is a
-- script, run on a table of the plain and on one of the encrypted type and rolled back; the last statement answers.
CREATE SCHEMA matrix;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE TABLE matrix.type (number int GENERATED ALWAYS AS IDENTITY, plain regtype PRIMARY KEY, encrypted regtype, value text NOT NULL, typmod text);
-- A value for each number g, and a length or precision.
INSERT INTO matrix.type (plain, value, typmod) VALUES
    ('text', '''v'' || lpad(g::text, 4, ''0'')', NULL), ('varchar', '''v'' || lpad(g::text, 4, ''0'')', '(4)'), ('bpchar', '''v'' || lpad(g::text, 4, ''0'')', '(4)'),
    ('bytea', 'decode(lpad(g::text, 4, ''0''), ''hex'')', NULL), ('bool', 'g % 2 = 1', NULL), ('int2', 'g', NULL), ('int4', 'g', NULL), ('int8', 'g', NULL),
    ('numeric', 'g / 4.0', '(6,1)'), ('float8', 'g / 4.0', NULL), ('date', 'date ''2000-01-01'' + g::int', NULL), ('time', 'time ''00:00'' + g * interval ''1.3 second''', '(0)'),
    ('timestamp', 'timestamp ''2000-01-01'' + g * interval ''1.3 second''', '(0)'), ('timestamptz', 'timestamptz ''2000-01-01 00:00:00+00'' + g * interval ''1.3 second''', '(0)'),
    ('interval', 'g * interval ''1.3 second''', '(0)'), ('uuid', 'md5(g::text)::uuid', NULL), ('inet', '''10.0.0.0''::inet + g', NULL),
    ('json', 'json_build_object(''k'', g)', NULL), ('jsonb', 'jsonb_build_object(''k'', g)', NULL);
UPDATE matrix.type SET encrypted = p.proargtypes[0] FROM pg_proc p
 WHERE pronamespace = 'gdpr'::regnamespace AND proname = 'decrypt' AND prorettype = plain;
DELETE FROM matrix.type WHERE encrypted IS NULL;
SELECT set_config('matrix.missing', (SELECT coalesce(string_agg(prorettype::regtype::text, ', '), '') FROM pg_proc WHERE pronamespace = 'gdpr'::regnamespace AND proname = 'decrypt'
    AND prorettype < 16384 AND NOT EXISTS (SELECT FROM matrix.type WHERE plain = prorettype)), false);
DO $$ BEGIN IF current_setting('matrix.missing') <> '' THEN RAISE 'no values for %', current_setting('matrix.missing'); END IF; END $$;

CREATE TABLE matrix.feature (number int GENERATED ALWAYS AS IDENTITY, name text, script text[]);

-- A plan that has all of these words, and none that begins with an exclamation mark; else the plan, without costs.
CREATE FUNCTION matrix.plan(statement text, VARIADIC words text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN CASE WHEN (SELECT bool_and((strpos(plan, ltrim(word, '!')) > 0) = (word !~ '^!')) FROM unnest(words) word) THEN 'as wanted' ELSE plan END;
END $$;

-- In scripts: T the type, P the plain type, M its length or precision, «3» the value number 3 as a literal, t the
-- table (id int, c T) with 200 values and a null, p the same with a plain column.
INSERT INTO matrix.feature (name, script) VALUES
    ('`=`, `<>`, `IN`, `= ANY`', ARRAY['SELECT array_agg(id ORDER BY id) FROM t WHERE c = «3» OR c IN («5», «7») OR c = ANY (ARRAY[«9»::P, «11»])']),
    ('`<`, `>=`, `BETWEEN`', ARRAY['SELECT array_agg(id ORDER BY id) FROM t WHERE c < «5» OR c >= «190» OR c BETWEEN «50» AND «55»']),
    ('`ORDER BY`, nulls first and last', ARRAY['SELECT array_agg(id ORDER BY c DESC NULLS LAST, id) FROM t']),
    ('row comparison', ARRAY['SELECT array_agg(id ORDER BY id) FROM t WHERE (c, id) > («190», 3)']),
    ('btree index: `=`', ARRAY['CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c = «3»$q$, ''Index'', ''Cond'')']),
    ('btree index: a parameter of the plain type', ARRAY['CREATE INDEX ON t (c)', 'PREPARE find(P) AS SELECT count(*) FROM t WHERE c = $1', 'SET LOCAL plan_cache_mode = force_generic_plan', 'SELECT matrix.plan(''EXECUTE find($v$'' || «3» || ''$v$)'', ''Index'', ''Cond'')']),
    ('btree index: range', ARRAY['CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c > «3» AND c <= «9»$q$, ''Index'', ''Cond'')']),
    ('btree index: `IN`', ARRAY['CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c IN («3», «5»)$q$, ''Index'', ''Cond'', ''ANY'')']),
    ('btree index: `= ANY` of a plain array', ARRAY['CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c = ANY (ARRAY[«3», «5»]::P[])$q$, ''Index'', ''Cond'', ''ANY'')']),
    ('btree index: `ORDER BY … LIMIT`', ARRAY['CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT FROM t ORDER BY c LIMIT 3$q$, ''Index'')']),
    ('btree index: `min`, `max`', ARRAY['CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT min(c), max(c) FROM t$q$, ''Limit'', ''Index'')']),
    ('btree index: `LIKE ''prefix%''`, in "C"', ARRAY['ALTER TABLE t ALTER c TYPE T COLLATE "C"', 'CREATE INDEX ON t (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c LIKE ''v000%''$q$, ''Index'', ''Cond'')']),
    ('btree index: several columns', ARRAY['CREATE INDEX ON t (id, c DESC)', 'SELECT matrix.plan($q$SELECT FROM t WHERE id = 3 AND c = «3»$q$, ''Index'', ''Cond'', ''c'')']),
    ('btree index: amcheck', ARRAY['CREATE INDEX i ON t (c)', 'DELETE FROM t WHERE id % 3 = 0', 'SELECT bt_index_check(''i'', true)']),
    ('`CLUSTER`, `REINDEX`', ARRAY['CREATE INDEX i ON t (c)', 'CLUSTER t USING i', 'REINDEX TABLE t', 'SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY c, id) s']),
    ('hash index', ARRAY['CREATE INDEX ON t USING hash (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c = «3»$q$, ''Index'', ''Cond'')']),
    ('BRIN index', ARRAY['CREATE INDEX ON t USING brin (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c = «3»$q$, ''Bitmap Index Scan'')']),
    ('GIN index', ARRAY['CREATE INDEX ON t USING gin (c)', 'SELECT matrix.plan($q$SELECT FROM t WHERE c @> ''{"k": 3}''$q$, ''Bitmap Index Scan'')']),
    ('index on a field, `gdpr.sealed(doc ->> ''k'')`', ARRAY['CREATE INDEX ON t (S(c ->> ''k''))', 'SELECT matrix.plan($q$SELECT FROM t WHERE c ->> ''k'' = ''3''$q$, ''Index'', ''Cond'')']),
    ('`UNIQUE`', ARRAY['DELETE FROM t', 'ALTER TABLE t ADD UNIQUE (c)', 'INSERT INTO t VALUES (1, «1»), (2, «2»), (3, NULL), (4, NULL)', 'INSERT INTO t VALUES (5, «1»)']),
    ('`PRIMARY KEY`', ARRAY['DELETE FROM t', 'ALTER TABLE t ADD PRIMARY KEY (c)', 'INSERT INTO t VALUES (1, «1»), (2, «2»)', 'INSERT INTO t VALUES (5, «1»)']),
    ('foreign key, both ends encrypted', ARRAY['CREATE TABLE k (c T PRIMARY KEY)', 'INSERT INTO k VALUES («1»), («2»)', 'CREATE TABLE f (c T REFERENCES k ON UPDATE CASCADE ON DELETE CASCADE)', 'INSERT INTO f VALUES («1»), («2»)', 'DELETE FROM k WHERE c = «1»', 'INSERT INTO f SELECT c FROM f', 'INSERT INTO f VALUES («1»)']),
    ('foreign key to a plain column', ARRAY['CREATE TABLE k (c P PRIMARY KEY)', 'INSERT INTO k VALUES («1»), («2»)', 'CREATE TABLE f (c T REFERENCES k ON DELETE CASCADE)', 'INSERT INTO f VALUES («1»), («2»)', 'DELETE FROM k WHERE c = «1»', 'INSERT INTO f VALUES («1»)']),
    ('foreign key from a plain column', ARRAY['CREATE TABLE k (c T PRIMARY KEY)', 'INSERT INTO k VALUES («1»), («2»)', 'CREATE TABLE f (c P REFERENCES k ON DELETE CASCADE)', 'INSERT INTO f VALUES («1»), («2»)', 'DELETE FROM k WHERE c = «1»', 'INSERT INTO f VALUES («1»)']),
    ('`ON CONFLICT`', ARRAY['DELETE FROM t', 'ALTER TABLE t ADD UNIQUE (c)', 'INSERT INTO t VALUES (1, «1»), (2, «2»)', 'INSERT INTO t VALUES (8, «1»), (3, «4») ON CONFLICT (c) DO UPDATE SET id = EXCLUDED.id', 'SELECT array_agg(id ORDER BY id) FROM t']),
    ('`MERGE`', ARRAY['MERGE INTO t USING p ON t.c = p.c AND p.id < 9 WHEN MATCHED THEN UPDATE SET id = -t.id WHEN NOT MATCHED THEN DO NOTHING', 'SELECT sum(id) FROM t']),
    ('`GROUP BY`, `HAVING`', ARRAY['INSERT INTO t SELECT id, c FROM t WHERE id < 50', 'SELECT array_agg(n ORDER BY n, i) FROM (SELECT count(*) AS n, min(id) AS i FROM t GROUP BY c HAVING c > «3») s']),
    ('`DISTINCT`, `DISTINCT ON`, `count(DISTINCT)`', ARRAY['INSERT INTO t SELECT id, c FROM t', 'SELECT (SELECT count(*) FROM (SELECT DISTINCT c FROM t) a), (SELECT count(*) FROM (SELECT DISTINCT ON (c) c, id FROM t ORDER BY c, id) b), count(DISTINCT c) FROM t']),
    ('`UNION`, `INTERSECT`, `EXCEPT`, with a plain column', ARRAY['SELECT (SELECT count(*) FROM (SELECT c FROM t UNION SELECT c FROM p) a), (SELECT count(*) FROM (SELECT c FROM t INTERSECT SELECT c FROM p WHERE id < 50) b), (SELECT count(*) FROM (SELECT c FROM p EXCEPT SELECT c FROM t WHERE id < 50) d)']),
    ('hash aggregate', ARRAY['SET LOCAL enable_sort = off', 'INSERT INTO t SELECT id, c FROM t WHERE id < 50', 'SELECT matrix.plan($q$SELECT c, count(*) FROM t GROUP BY c$q$, ''HashAggregate'') || (SELECT array_agg(row(n, c) ORDER BY n, c)::text FROM (SELECT c, count(*) AS n FROM t GROUP BY c) s)']),
    ('hash join', ARRAY['SET LOCAL enable_mergejoin = off', 'SET LOCAL enable_nestloop = off', 'SELECT matrix.plan($q$SELECT FROM t JOIN t AS u ON t.c = u.c$q$, ''Hash Join'') || (SELECT count(*) FROM t JOIN t AS u ON t.c = u.c)']),
    ('hash join with a plain column', ARRAY['SET LOCAL enable_mergejoin = off', 'SET LOCAL enable_nestloop = off', 'SELECT matrix.plan($q$SELECT FROM t JOIN p ON t.c = p.c$q$, ''Hash Join'') || (SELECT count(*) FROM t JOIN p ON t.c = p.c)']),
    ('merge join', ARRAY['SET LOCAL enable_hashjoin = off', 'SET LOCAL enable_nestloop = off', 'SELECT matrix.plan($q$SELECT FROM t JOIN t AS u ON t.c = u.c$q$, ''Merge Join'') || (SELECT count(*) FROM t JOIN t AS u ON t.c = u.c)']),
    ('merge join with a plain column', ARRAY['SET LOCAL enable_hashjoin = off', 'SET LOCAL enable_nestloop = off', 'SELECT matrix.plan($q$SELECT FROM t JOIN p ON p.c = t.c$q$, ''Merge Join'') || (SELECT count(*) FROM t JOIN p ON p.c = t.c)']),
    ('index nested loop', ARRAY['CREATE INDEX ON t (c)', 'SET LOCAL enable_hashjoin = off', 'SET LOCAL enable_mergejoin = off', 'SELECT matrix.plan($q$SELECT FROM p JOIN t ON p.c = t.c WHERE p.id < 5$q$, ''Nested Loop'', ''Index Cond'')']),
    ('window functions', ARRAY['SELECT array_agg(x ORDER BY id) FROM (SELECT id, row(rank() OVER w, lag(c) OVER w, first_value(c) OVER w, count(*) OVER (PARTITION BY c))::text AS x FROM t WINDOW w AS (ORDER BY c DESC, id)) s']),
    ('window frame by distance', ARRAY['SELECT array_agg(x ORDER BY id) FROM (SELECT id, count(*) OVER (ORDER BY c RANGE BETWEEN D PRECEDING AND CURRENT ROW) AS x FROM t) s']),
    ('partition by range, pruned', ARRAY['CREATE TABLE parted (c T) PARTITION BY RANGE (c)', 'CREATE TABLE part1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO («100»)', 'CREATE TABLE part2 PARTITION OF parted FOR VALUES FROM («100») TO (MAXVALUE)', 'INSERT INTO parted SELECT c FROM t WHERE c IS NOT NULL', 'SELECT matrix.plan($q$SELECT FROM parted WHERE c = «150»$q$, ''part2'', ''!part1'') || (SELECT count(*) FROM part1)']),
    ('partition by list, pruned', ARRAY['CREATE TABLE parted (c T) PARTITION BY LIST (c)', 'CREATE TABLE part1 PARTITION OF parted FOR VALUES IN («1»)', 'CREATE TABLE part2 PARTITION OF parted DEFAULT', 'INSERT INTO parted SELECT c FROM t', 'SELECT matrix.plan($q$SELECT FROM parted WHERE c = «1»$q$, ''part1'', ''!part2'') || (SELECT count(*) FROM part1)']),
    ('partition by hash, pruned', ARRAY['CREATE TABLE parted (c T) PARTITION BY HASH (c)', 'CREATE TABLE part1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0)', 'CREATE TABLE part2 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1)', 'INSERT INTO parted SELECT c FROM t', 'SELECT matrix.plan($q$SELECT FROM parted WHERE c = «1»$q$, ''!Append'') || (SELECT count(*) FROM parted WHERE c = «1»)']),
    ('exclusion constraint', ARRAY['DELETE FROM t', 'ALTER TABLE t ADD EXCLUDE USING hash (c WITH =)', 'INSERT INTO t VALUES (1, «1»), (2, «2»)', 'INSERT INTO t VALUES (3, «1»)']),
    ('`CHECK`', ARRAY['DELETE FROM t WHERE c = «1»', 'ALTER TABLE t ADD CHECK (c <> «1»)', 'INSERT INTO t VALUES (2, «2»)', 'INSERT INTO t VALUES (1, «1»)']),
    ('`DEFAULT`', ARRAY['ALTER TABLE t ALTER c SET DEFAULT «1»', 'INSERT INTO t (id) VALUES (-1)', 'SELECT c FROM t WHERE id = -1']),
    ('generated column', ARRAY['ALTER TABLE t ADD g T GENERATED ALWAYS AS (c) STORED', 'UPDATE t SET c = «9» WHERE id = 3', 'SELECT string_agg(g::text, '','' ORDER BY id) FROM t WHERE id < 5']),
    ('expression index on the encrypted value', ARRAY['CREATE INDEX ON t ((coalesce(c, c)))', 'SELECT matrix.plan($q$SELECT FROM t WHERE coalesce(c, c) = «3»$q$, ''Index'', ''Cond'')']),
    ('length or precision', ARRAY['CREATE TABLE m (c TM)', 'INSERT INTO m SELECT c FROM t WHERE id < 5', 'SELECT string_agg(c::text, '','' ORDER BY c::text) || atttypmod FROM m, pg_attribute WHERE attrelid = ''m''::regclass AND attname = ''c'' GROUP BY atttypmod']),
    ('collation: "C", ICU', ARRAY['SELECT array_agg(x ORDER BY x COLLATE "C") || array_agg(x ORDER BY x COLLATE "en-x-icu") FROM (VALUES (''b''::T), (''A''), (''a''), (''B'')) v(x)']),
    ('collation: non-deterministic', ARRAY['CREATE COLLATION anycase (PROVIDER = icu, LOCALE = ''und-u-ks-level2'', DETERMINISTIC = false)', 'CREATE TABLE n (c T COLLATE anycase UNIQUE)', 'INSERT INTO n VALUES (''a''), (''b'')', 'INSERT INTO n VALUES (''A'')']),
    ('`LIKE`, `~`, `ILIKE`', ARRAY['SELECT array_agg(id ORDER BY id) FROM t WHERE c LIKE ''v000_'' OR c ~ ''19\d$'' OR c ILIKE ''V0150''']),
    ('subscripts, read and assigned', ARRAY['UPDATE t SET c[''n''] = ''9'' WHERE id = 3', 'SELECT c[''k''] || c[''n''] FROM t WHERE id = 3']),
    ('`COPY`, text and CSV', ARRAY['COPY t TO ''/tmp/gdpr_matrix.copy''', 'DELETE FROM t', 'COPY t FROM ''/tmp/gdpr_matrix.copy''', 'COPY t TO ''/tmp/gdpr_matrix.copy'' (FORMAT csv, FORCE_QUOTE *)', 'DELETE FROM t', 'COPY t FROM ''/tmp/gdpr_matrix.copy'' (FORMAT csv)', 'SELECT md5(string_agg(c::text, '','' ORDER BY id)) FROM t']),
    ('`COPY`, binary', ARRAY['COPY t TO ''/tmp/gdpr_matrix.copy'' (FORMAT binary)', 'DELETE FROM t', 'COPY t FROM ''/tmp/gdpr_matrix.copy'' (FORMAT binary)', 'SELECT md5(string_agg(c::text, '','' ORDER BY id)) FROM t']),
    ('statistics by `ANALYZE`', ARRAY['ANALYZE t', 'SELECT row(n_distinct, null_frac, most_common_vals IS NULL, histogram_bounds IS NULL) FROM pg_stats WHERE tablename = ''t'' AND attname = ''c''']),
    ('extended statistics', ARRAY['CREATE STATISTICS s (ndistinct, dependencies, mcv) ON id, c FROM t', 'ANALYZE t', 'SELECT row(n_distinct, dependencies) FROM pg_stats_ext WHERE statistics_name = ''s''']),
    ('parallel scan', ARRAY['SET LOCAL parallel_setup_cost = 0', 'SET LOCAL parallel_tuple_cost = 0', 'SET LOCAL min_parallel_table_scan_size = 0', 'SET LOCAL enable_seqscan = on', 'SELECT matrix.plan($q$SELECT count(c) FROM t WHERE c = «3» OR c = «4»$q$, ''Parallel'') || (SELECT count(c) FROM t WHERE c = «3» OR c = «4»)']),
    ('aggregates `min`, `max`, `array_agg`', ARRAY['SELECT row(min(c), max(c), (array_agg(c ORDER BY id))[2:4], count(c)) FROM t']),
    ('`to_jsonb`, `row_to_json`, `json_agg`', ARRAY['SELECT row(to_jsonb(t), row_to_json(t), (SELECT json_agg(c ORDER BY id) FROM t AS u WHERE id < 4), jsonb_build_object(''c'', c)) FROM t WHERE id = 3']),
    ('`COALESCE`, `CASE`, `GREATEST`, `NULLIF`', ARRAY['SELECT string_agg(row(coalesce(c, «1»), CASE WHEN id = 2 THEN c ELSE «3» END, nullif(c, «2»))::text, '','' ORDER BY id) FROM t WHERE id < 5']),
    ('`IS DISTINCT FROM`, `GREATEST`, `LEAST`', ARRAY['SELECT string_agg(row(c IS DISTINCT FROM «2», greatest(c, «2»), least(c, «3»))::text, '','' ORDER BY id) FROM t WHERE id < 5']),
    ('text and back', ARRAY['SELECT count(*) FROM t WHERE c::text::T::text IS NOT DISTINCT FROM c::text']),
    ('`INSERT … SELECT` from and to plain', ARRAY['DELETE FROM t', 'INSERT INTO t SELECT * FROM p', 'DELETE FROM p', 'INSERT INTO p SELECT * FROM t RETURNING c', 'SELECT md5(string_agg(c::text, '','' ORDER BY id)) FROM p']),
    ('`UPDATE … FROM`, `RETURNING`', ARRAY['UPDATE t SET c = p.c FROM p WHERE p.id = t.id + 1', 'SELECT md5(string_agg(c::text, '','' ORDER BY id)) FROM t']),
    ('views, materialised views', ARRAY['CREATE VIEW v AS SELECT * FROM t WHERE c = «3»', 'CREATE MATERIALIZED VIEW mv AS SELECT * FROM t', 'UPDATE v SET id = 1000', 'SELECT (SELECT id FROM v) || (SELECT count(*) FROM mv WHERE c = «3»)::text']),
    ('composite values, `%TYPE`', ARRAY['CREATE FUNCTION one(r t) RETURNS t LANGUAGE plpgsql AS $f$ DECLARE x t.c%TYPE := r.c; BEGIN r.c := x; RETURN r; END $f$', 'SELECT (one(t)).c FROM t WHERE id = 3']),
    ('triggers: `NEW`, `OLD`, `WHEN`', ARRAY['CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.c := «7»; RETURN NEW; END $f$', 'CREATE TRIGGER change BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.c::text <> NEW.c::text) EXECUTE FUNCTION change()', 'UPDATE t SET c = «9» WHERE id = 3', 'SELECT c FROM t WHERE id = 3']);

-- The answer of the last statement; or the error.
CREATE FUNCTION matrix.run(type matrix.type, script text[], sealed boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text := CASE WHEN sealed THEN type.encrypted ELSE type.plain END;
    statement text;
    answer text;
    number text;
BEGIN
    DEALLOCATE ALL;
    EXECUTE format('CREATE TABLE t (id int, c %s)', name);
    EXECUTE format('INSERT INTO t SELECT g, (%s)::%s FROM generate_series(1::bigint, 200) g UNION ALL SELECT 0, NULL', type.value, type.plain);
    EXECUTE format('CREATE TABLE p (id int, c %s)', type.plain);
    EXECUTE format('INSERT INTO p SELECT g, (%s)::%s FROM generate_series(1::bigint, 200) g', type.value, type.plain);
    SET LOCAL enable_seqscan = off;
    SET LOCAL search_path = public;
    FOREACH statement IN ARRAY script LOOP
        IF strpos(statement, 'TM') > 0 AND type.typmod IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'ZZZZZ', MESSAGE = 'absent'; -- undoes the tables
        END IF;
        statement := regexp_replace(statement, '\mTM\M', name || CASE WHEN sealed AND type.plain = 'interval'::regtype THEN '(32767, 0)' ELSE coalesce(type.typmod, '') END, 'g');
        statement := regexp_replace(statement, '\mS\M\(', CASE WHEN sealed THEN 'gdpr.sealed(' ELSE '(' END, 'g');
        statement := regexp_replace(statement, '\mT\M', name, 'g');
        statement := regexp_replace(statement, '\mP\M', type.plain::text, 'g');
        statement := regexp_replace(statement, '\mD\M', CASE WHEN (SELECT typcategory FROM pg_type WHERE oid = type.plain) IN ('D', 'T') THEN '''3 days''' ELSE '3' END, 'g');
        FOR number IN SELECT DISTINCT m[1] FROM regexp_matches(statement, '«(\d+)»', 'g') m LOOP
            EXECUTE format('SELECT quote_literal((%s)::%s::text) FROM (SELECT %s::bigint AS g) s', type.value, type.plain, number) INTO answer;
            statement := replace(statement, '«' || number || '»', answer);
        END LOOP;
        answer := NULL;
        IF statement ~ '^SELECT' THEN
            EXECUTE statement INTO answer;
        ELSE
            EXECUTE statement;
        END IF;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'ZZZZZ', MESSAGE = 'ok ' || replace(coalesce(answer, ''), type.encrypted::text, type.plain::text);
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE = 'ZZZZZ' THEN SQLERRM ELSE SQLSTATE || ' ' || SQLERRM END;
END $$;

CREATE TABLE matrix.cell AS
SELECT f.number AS feature, t.number AS type, matrix.run(t, script, false) AS plain, matrix.run(t, script, true) AS sealed
  FROM matrix.feature f, matrix.type t;
-- A feature is absent of a plain type that has no such operator or operator class, or is not planned so.
CREATE VIEW matrix.verdict AS
SELECT feature, type, plain, sealed,
       CASE WHEN plain = 'absent' OR plain ~ '^(42|0A|22P02|22007|22023)' OR (plain ~ '^ok ' AND plain !~ 'as wanted' AND script::text ~ 'matrix\.plan') THEN '–'
            WHEN split_part(plain, ' ', 1) <> 'ok' AND split_part(plain, ' ', 1) = split_part(sealed, ' ', 1) OR plain = sealed THEN 'yes'
            WHEN sealed ~ '^0A000 access method' THEN 'refused'
            ELSE '**no**' END AS verdict
  FROM matrix.cell JOIN matrix.feature f ON f.number = feature;
