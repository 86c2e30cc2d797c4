-- One constant is stored under as many ciphertexts as there are rows: whoever reads the disk does not see which are equal.
CREATE SCHEMA rs;
SET search_path = rs, public;
CREATE TABLE sealed (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t gdpr.encrypted_text, v gdpr.encrypted_varchar(6), n gdpr.encrypted_numeric(8, 2), d gdpr.encrypted_date);
CREATE DOMAIN note AS gdpr.encrypted_text CHECK (VALUE <> '');
-- How many rows, plaintexts and ciphertexts there are in a column.
CREATE FUNCTION seals(relation regclass, attribute text) RETURNS text LANGUAGE plpgsql SET gdpr.output = 'plain' AS $$
DECLARE
    rows bigint; plaintexts bigint; ciphertexts bigint;
BEGIN
    EXECUTE format('SELECT count(%1$I), count(DISTINCT %1$I) FROM %2$s', attribute, relation) INTO rows, plaintexts;
    SET LOCAL gdpr.output = 'cipher';
    EXECUTE format('SELECT count(DISTINCT format(''%%s'', %1$I)) FROM %2$s', attribute, relation) INTO ciphertexts;
    RETURN format('%s rows, %s plaintexts, %s ciphertexts', rows, plaintexts, ciphertexts);
END $$;
INSERT INTO sealed (t, v, n, d) SELECT 'const', 'abc', 1.5, '2000-01-01' FROM generate_series(1, 20);
SELECT seals('sealed', 't') AS t, seals('sealed', 'v') AS v, seals('sealed', 'n') AS n, seals('sealed', 'd') AS d;
SELECT DISTINCT t, v, n, d FROM sealed;
UPDATE sealed SET t = 'other', v = 'x', n = 2, d = NULL;
SELECT seals('sealed', 't') AS t, seals('sealed', 'v') AS v, seals('sealed', 'n') AS n, seals('sealed', 'd') AS d;
UPDATE sealed SET t = CASE WHEN id % 2 = 0 THEN 'even' ELSE 'odd' END, v = coalesce(NULL, 'y'), d = CASE WHEN true THEN '2000-01-01'::gdpr.encrypted_date END;
SELECT seals('sealed', 't') AS t, seals('sealed', 'v') AS v, seals('sealed', 'd') AS d;
SELECT DISTINCT t, v, d FROM sealed ORDER BY 1;
TRUNCATE sealed;
-- Prepared literals, several rows of VALUES, subqueries, unions, ON CONFLICT, MERGE, rules, views, RETURNING.
PREPARE one AS INSERT INTO sealed (t) VALUES ('const');
SET plan_cache_mode = force_generic_plan;
EXECUTE one;
EXECUTE one;
RESET plan_cache_mode;
PREPARE two AS INSERT INTO sealed (t) VALUES ('const'), ('const');
EXECUTE two;
EXECUTE two;
INSERT INTO sealed (t) SELECT x FROM (SELECT 'const'::gdpr.encrypted_text AS x FROM generate_series(1, 3)) s;
INSERT INTO sealed (t) SELECT 'const'::gdpr.encrypted_text FROM generate_series(1, 3) UNION ALL SELECT 'const' FROM generate_series(1, 3);
INSERT INTO sealed (t) SELECT 'const' FROM generate_series(1, 3) UNION ALL SELECT 'const'::gdpr.encrypted_text FROM generate_series(1, 3);
INSERT INTO sealed (id, t) OVERRIDING SYSTEM VALUE SELECT g, 'new' FROM generate_series(1, 4) g ON CONFLICT (id) DO UPDATE SET t = 'const';
MERGE INTO sealed USING generate_series(1, 30) g ON id = g WHEN MATCHED AND id < 4 THEN UPDATE SET t = 'const' WHEN NOT MATCHED THEN INSERT (t) VALUES ('const');
WITH written AS (INSERT INTO sealed (t) SELECT 'const' FROM generate_series(1, 3) RETURNING t) SELECT count(*) FROM written;
CREATE VIEW through AS SELECT * FROM sealed;
INSERT INTO through (t) SELECT 'const' FROM generate_series(1, 3);
SELECT seals('sealed', 't') AS t;
-- PL/pgSQL: literals, and variables of the encrypted type.
CREATE TABLE looped (t gdpr.encrypted_text, n note);
DO $$
DECLARE
    sealed_value rs.looped.t%TYPE := 'const';
BEGIN
    FOR i IN 1 .. 8 LOOP
        INSERT INTO rs.looped VALUES ('const', 'const'), (sealed_value, 'const');
    END LOOP;
END $$;
SELECT seals('looped', 't') AS t, seals('looped', 'n') AS n;
-- A foreign key's cascade gives every row its own.
CREATE TABLE parent (t gdpr.encrypted_text PRIMARY KEY);
CREATE TABLE child (t gdpr.encrypted_text REFERENCES parent ON UPDATE CASCADE);
INSERT INTO parent VALUES ('a');
INSERT INTO child SELECT 'a' FROM generate_series(1, 5);
UPDATE parent SET t = 'b';
SELECT seals('child', 't') AS t;
-- A length is checked once, and errors are as ever.
INSERT INTO sealed (v) SELECT 'too long a value' FROM generate_series(1, 2);
INSERT INTO looped (n) VALUES ('');
-- COPY and older rows read what the catalog holds: plan() finds it, apply() mends it.
CREATE TABLE defaults (id int, t gdpr.encrypted_text DEFAULT 'const', c gdpr.encrypted_text DEFAULT CASE WHEN current_setting('work_mem') = '' THEN 'a' ELSE 'const' END);
INSERT INTO defaults SELECT g FROM generate_series(1, 3) g;
ALTER TABLE defaults ADD COLUMN later gdpr.encrypted_varchar(10) DEFAULT 'const';
SECURITY LABEL FOR gdpr ON COLUMN defaults.t IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN defaults.c IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN defaults.later IS 'personal, encrypted';
CREATE VIEW of_defaults AS SELECT d.later FROM defaults d, (VALUES (1)) one;
COPY defaults (id) FROM STDIN;
4
5
\.
SELECT seals('defaults', 't') AS t, seals('defaults', 'c') AS c, seals('defaults', 'later') AS later;
SELECT action, statement FROM gdpr.plan() WHERE relation = 'defaults'::regclass;
CALL gdpr.apply('defaults');
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation = 'defaults'::regclass;
COPY defaults (id) FROM STDIN;
6
7
\.
SELECT seals('defaults', 'later') AS later;
TRUNCATE defaults;
COPY defaults (id) FROM STDIN;
6
7
\.
SELECT seals('defaults', 't') AS t, seals('defaults', 'c') AS c, seals('defaults', 'later') AS later;
SELECT * FROM defaults;
\d defaults

SET client_min_messages = warning;
DROP SCHEMA rs CASCADE;
