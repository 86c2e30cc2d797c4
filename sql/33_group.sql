-- Grouping by hashing: the groups of the plain column, by a digest where equal values have equal bytes.
CREATE SCHEMA grp;
SET search_path = grp, public;
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION icu_de (provider = icu, locale = 'de');
CREATE TYPE mood AS ENUM ('sad', 'glad', 'mad');
SELECT gdpr.create_encrypted_type('grp.mood');
CREATE TABLE plain (id int, a_text text, a_c text COLLATE "C", a_icu text COLLATE icu_de, a_nocase text COLLATE no_case, a_long text,
    a_varchar varchar(40), a_char char(8), a_bpchar bpchar, a_bytea bytea, a_bool bool, a_int2 int2, a_int4 int4, a_int8 int8, a_numeric numeric,
    a_float8 float8, a_date date, a_time time, a_timestamp timestamp, a_timestamptz timestamptz, a_interval interval, a_uuid uuid, a_inet inet,
    a_jsonb jsonb, a_mood mood);
-- Nulls, and values that are equal though they differ: 1.0 and 1.00, 'Abc' and 'aBC', 'a' and 'a ', -0 and 0, a day and 24 hours.
INSERT INTO plain
SELECT g, CASE WHEN g % 17 > 0 THEN 'name ' || g % 300 END, chr(192 + g % 60) || g % 5, chr(192 + g % 60) || g % 5,
       CASE g % 3 WHEN 0 THEN 'abc' WHEN 1 THEN 'ABC' ELSE 'Abd' END || g % 40, repeat(md5((g % 7)::text), g % 2 * 100), 'v' || g % 70,
       left('aaaa', g % 5), rpad('a', g % 5), decode(lpad(to_hex(g % 90), 4, '0'), 'hex'), CASE WHEN g % 11 > 0 THEN g % 3 = 0 END, g % 50 - 25, g % 90 - 45,
       (g % 90 - 45) * 10000000000, round((g % 9) / 2.0, g % 4), CASE g % 3 WHEN 0 THEN '-0'::float8 WHEN 1 THEN 0 ELSE 'NaN' END, date '1950-01-01' + (g * 31) % 200, time '00:00' + g % 90 * interval '1 s',
       timestamp '2020-01-01' + g % 80 * interval '1 us', timestamptz '2020-01-01' + g % 80 * interval '1 h', CASE g % 3 WHEN 0 THEN '1 day' WHEN 1 THEN '24:00' ELSE '1 month' END::interval,
       md5((g % 40)::text)::uuid, ('10.0.0.' || g % 30 || CASE WHEN g % 2 = 0 THEN '/24' ELSE '' END)::inet, jsonb_build_object('a', g % 30, 'b', round(1, g % 3)), (enum_range(NULL::mood))[1 + g % 3]
  FROM generate_series(1, 6000) g;
INSERT INTO plain (id) SELECT g FROM generate_series(6001, 6010) g;
SELECT format('CREATE TABLE sealed (%s)', string_agg(format('%I %s%s %s', attname, coalesce(gdpr.encrypted_type(atttypid)::regtype::text, 'int'),
           CASE atttypid::regtype WHEN 'varchar'::regtype THEN '(40)' WHEN 'bpchar'::regtype THEN CASE WHEN atttypmod > 0 THEN '(8)' END END,
           CASE WHEN attcollation > 100 THEN 'COLLATE ' || attcollation::regcollation END), ', ' ORDER BY attnum))
  FROM (SELECT a.*, CASE WHEN attname = 'id' THEN 0 ELSE atttypid END AS type FROM pg_attribute a WHERE attrelid = 'plain'::regclass AND attnum > 0) a \gset made_
SELECT replace(:'made_format', 'id gdpr.encrypted_int4', 'id int') AS statement \gset
:statement;
INSERT INTO sealed SELECT * FROM plain;
ANALYZE plain, sealed;

-- The same query over both tables: is the answer the same, and is it grouped by a digest?
CREATE FUNCTION same(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    over_plain text; over_sealed text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(q::text, chr(10) ORDER BY q::text COLLATE "C")) FROM (%s) q', format(query, 'grp.plain')) INTO over_plain;
    EXECUTE format('SELECT md5(string_agg(q::text, chr(10) ORDER BY q::text COLLATE "C")) FROM (%s) q', format(query, 'grp.sealed')) INTO over_sealed;
    RETURN over_plain IS NOT NULL AND over_plain = over_sealed;
END $$;
CREATE FUNCTION by_digest(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || format(query, 'grp.sealed') LOOP
        IF line LIKE '%Group Key: %gdpr.group_key(%' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
CREATE FUNCTION spills(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || format(query, 'grp.sealed') LOOP
        IF line ~ 'Batches: ([2-9]|\d\d).*Disk Usage' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
SET max_parallel_workers_per_gather = 0;
SET enable_sort = off;
SET jit = off; -- what the costs of forbidden plans would bring in

-- Each type: the groups, which value stands for one aside.
SELECT attname, by_digest(query), same(query)
  FROM (SELECT attnum, attname, format('SELECT count(*), min(id), max(id) FROM %%s GROUP BY %I', attname) AS query FROM pg_attribute
         WHERE attrelid = 'plain'::regclass AND attnum > 1) q ORDER BY attnum;
-- And the value, where it is one.
SELECT attname, same(format('SELECT %I, count(*) FROM %%s GROUP BY %1$I', attname)), same(format('SELECT DISTINCT %I FROM %%s', attname))
  FROM pg_attribute WHERE attrelid = 'plain'::regclass AND attnum > 1 AND by_digest(format('SELECT DISTINCT %I FROM %%s', attname))
 ORDER BY attnum;

-- Several keys, of which some are plain; conditions on groups; aggregates of what is grouped by and of what is not.
EXPLAIN (VERBOSE, COSTS OFF) SELECT a_text, id % 3, count(*) FROM sealed GROUP BY a_text, a_int4, id % 3 HAVING a_text > 'name 2';
SELECT query, by_digest(query), same(query) FROM unnest(ARRAY[
    'SELECT a_text, a_int4, id %% 3, count(*), max(a_text), max(a_date), string_agg(a_varchar, '','' ORDER BY id) FROM %s GROUP BY a_text, a_int4, id %% 3',
    'SELECT a_text, count(*) FROM %s GROUP BY a_text HAVING a_text > ''name 2'' AND count(DISTINCT a_varchar) > 2',
    'SELECT a_numeric, a_text, count(*) FILTER (WHERE a_bool) FROM %s GROUP BY a_text, a_numeric',
    'SELECT count(*) FROM %s GROUP BY a_text',
    'SELECT a_text || ''x'', upper(a_varchar), count(*) FROM %s GROUP BY a_text, a_varchar',
    'SELECT DISTINCT a_text, a_bool, id %% 2 FROM %s',
    'SELECT a_text, a_date FROM %1$s UNION SELECT a_text, a_date FROM %1$s WHERE id > 10',
    'SELECT a_text FROM (SELECT * FROM %s OFFSET 5) s GROUP BY a_text',
    'SELECT a_text, sum(n) FROM (SELECT a_text, a_bool, count(*) AS n FROM %s GROUP BY a_text, a_bool) s GROUP BY a_text',
    'SELECT coalesce(a_text, ''none''), count(*) FROM %s GROUP BY coalesce(a_text, ''none'')',
    'SELECT a_text = ''name 1'', CASE WHEN a_varchar = ''v1'' THEN 1 END, count(*) FROM %s GROUP BY a_text = ''name 1'', CASE WHEN a_varchar = ''v1'' THEN 1 END',
    'SELECT DISTINCT a_date > ''1950-03-01'' FROM %s ORDER BY a_date > ''1950-03-01''',
    'SELECT DISTINCT ON (coalesce(a_text, ''none'')) coalesce(a_text, ''none'') FROM %s ORDER BY coalesce(a_text, ''none'')',
    'SELECT s.a_text, count(*) FROM %1$s s JOIN %1$s o USING (id) GROUP BY s.a_text',
    'SELECT s.a_text, count(o.id) FROM %1$s s LEFT JOIN %1$s o ON o.id = s.id + 5990 GROUP BY s.a_text, o.a_text',
    'SELECT count(*) FROM %1$s WHERE a_text IN (SELECT a_text FROM %1$s WHERE id > 5900)',
    'WITH w AS MATERIALIZED (SELECT a_text, a_bool FROM %s) SELECT a_text, count(*) FROM w GROUP BY a_text',
    'SELECT id, (SELECT count(*) FROM (SELECT a_text FROM %1$s i WHERE i.id < o.id GROUP BY a_text) s) FROM %1$s o WHERE id < 40',
    'SELECT a_text, a_varchar, count(*) FROM %s GROUP BY GROUPING SETS ((a_text), (a_varchar), ())',
    'SELECT a_text, count(*) FROM (SELECT * FROM %s ORDER BY id LIMIT 500) s GROUP BY a_text']) WITH ORDINALITY AS q(query, number)
 ORDER BY number;

-- A cursor that begins anew, a prepared statement, and a plan of a function.
PREPARE groups(int) AS SELECT a_text, count(*) FROM sealed WHERE id < $1 GROUP BY a_text ORDER BY 1 LIMIT 2;
SET plan_cache_mode = force_generic_plan;
EXECUTE groups(1000);
EXECUTE groups(3000);
RESET plan_cache_mode;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT count(*) FROM sealed GROUP BY a_bool ORDER BY 1;
FETCH ALL FROM c;
FETCH ABSOLUTE 1 FROM c;
ROLLBACK;

-- Joined again for each row of another, with and without a change in what is grouped.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT same('SELECT g, (SELECT count(*) FROM (SELECT a_varchar, count(*) FROM %s WHERE id %% 5 = g GROUP BY a_varchar OFFSET 0) s) FROM generate_series(0, 6) g');
SELECT same('SELECT g, s.* FROM generate_series(0, 3) g LEFT JOIN (SELECT a_bool, count(*) FROM %s GROUP BY a_bool OFFSET 0) s ON g >= 0');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- Spilled: rows of a batch come back with the same digest.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT query, spills(query), same(query) FROM unnest(ARRAY[
    'SELECT a_text, id %% 20, count(*), max(a_varchar), sum(a_int8) FROM %s GROUP BY a_text, id %% 20',
    'SELECT DISTINCT a_text, a_int4, a_long FROM %s']) AS q(query);
RESET work_mem;
RESET hash_mem_multiplier;

-- Several processes, each with a key of its own.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ALTER TABLE sealed SET (parallel_workers = 2);
ALTER TABLE plain SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT a_text, count(*) FROM sealed GROUP BY a_text;
SELECT same('SELECT a_text, count(*), max(a_date) FROM %s GROUP BY a_text'), same('SELECT DISTINCT a_varchar, a_bool FROM %s');
RESET max_parallel_workers_per_gather;
RESET min_parallel_table_scan_size;

-- By machine code as well.
SET jit = on;
SET jit_above_cost = 0;
SELECT same('SELECT a_text, count(*) FROM %s GROUP BY a_text');
SET jit = off;
RESET jit_above_cost;

-- A literal is the same constant wherever it stands in a statement.
SELECT coalesce(a_text, 'none') FROM sealed WHERE id > 5900 GROUP BY coalesce(a_text, 'none') ORDER BY coalesce(a_text, 'none') DESC LIMIT 2;
SELECT a_text = 'name 1' FROM sealed GROUP BY a_text = 'name 2';
CREATE VIEW towns AS SELECT coalesce(a_text, 'none') AS town, count(*) FROM sealed WHERE id > 5980 GROUP BY coalesce(a_text, 'none');
SELECT * FROM towns ORDER BY town DESC LIMIT 2;
COPY (SELECT coalesce(a_text, 'none') FROM sealed WHERE id > 6000 GROUP BY coalesce(a_text, 'none')) TO STDOUT;
PREPARE towns AS SELECT coalesce(a_text, 'none') FROM sealed WHERE id > 6000 GROUP BY coalesce(a_text, 'none');
EXECUTE towns;
DO $$ BEGIN PERFORM coalesce(a_text, 'none') FROM grp.sealed GROUP BY coalesce(a_text, 'none'); END $$;
-- Attack: but what is stored shows nothing of it.
CREATE TABLE kept (id int, a gdpr.encrypted_text DEFAULT 'same', b gdpr.encrypted_text DEFAULT 'same');
INSERT INTO kept VALUES (1, 'same', 'same'), (2, 'same', 'same');
INSERT INTO kept SELECT g, coalesce(NULL, 'same'), 'same' FROM generate_series(3, 4) g;
INSERT INTO kept (id) VALUES (5), (6);
INSERT INTO kept SELECT 7, 'same', s.a FROM (SELECT 'same'::gdpr.encrypted_text AS a) s;
UPDATE kept SET a = 'same', b = CASE WHEN id > 0 THEN 'same' END WHERE id IN (1, 3);
PREPARE keep(text) AS INSERT INTO kept VALUES (8, $1, 'same');
EXECUTE keep('same');
EXECUTE keep('same');
SET gdpr.output = 'cipher';
SELECT count(*), count(DISTINCT v) FROM (SELECT format('%s', a) AS v FROM kept UNION ALL SELECT format('%s', b) FROM kept) s;
SELECT count(DISTINCT pg_get_expr(adbin, adrelid)) AS defaults FROM pg_attrdef WHERE adrelid = 'kept'::regclass;
RESET gdpr.output;

-- Rows of a restricted person are in no group, and a gated role groups by what it sees.
SET client_min_messages = warning;
CREATE ROLE grp_app;
CREATE ROLE grp_tool;
CREATE TABLE person (id int PRIMARY KEY, name text, town text);
INSERT INTO person SELECT g, 'name ' || g % 4, 'town ' || g % 2 FROM generate_series(1, 400) g;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.town IS 'sensitive, encrypted';
SELECT gdpr.gate('personal', 'export', 'hide'), gdpr.assign_channel('grp_tool', 'export');
CALL gdpr.apply('grp.person');
GRANT USAGE ON SCHEMA grp TO grp_app, grp_tool;
GRANT SELECT ON person TO grp_app, grp_tool;
SELECT gdpr.restrict('grp.person', '7', 'disputed') \g /dev/null
SET ROLE grp_app;
EXPLAIN (COSTS OFF) SELECT name, town, count(*) FROM person GROUP BY name, town;
SELECT name, town, count(*) FROM person GROUP BY name, town ORDER BY 1;
SET ROLE grp_tool;
SELECT name, town, count(*) FROM person GROUP BY name, town ORDER BY 2;
RESET ROLE;
RESET client_min_messages;

-- Attack: the digest tells nobody who has only the temporary files, or another session, which value it is of.
SELECT gdpr.group_key(a_text) = gdpr.group_key('name 7'::gdpr.encrypted_text) AS same_here FROM sealed WHERE id = 7;
SELECT gdpr.group_key('name 7'::gdpr.encrypted_text) AS here \gset
\c -
SELECT gdpr.group_key('name 7'::gdpr.encrypted_text) = :'here' AS same_there;
SELECT gdpr.group_key(7);
-- Attack: nothing that is stored may hold it.
CREATE INDEX ON grp.sealed (gdpr.group_key(a_text));

SET client_min_messages = warning;
SELECT gdpr.gate('personal', 'export', NULL), gdpr.unrestrict('grp.person', '7', 'settled') \g /dev/null
DROP SCHEMA grp CASCADE;
DROP OWNED BY grp_app, grp_tool;
DROP ROLE grp_app, grp_tool;
