-- Statements of every shape: their results are cast last, and what they do stays what it was.
CREATE SCHEMA ws;
CREATE ROLE wire_app;
GRANT USAGE ON SCHEMA ws TO wire_app;
SET search_path = ws, public;
CREATE TABLE sealed (id int PRIMARY KEY, email varchar(40) UNIQUE, name text, born date, salary numeric(10,2), extra jsonb);
SELECT string_agg(format('SECURITY LABEL FOR gdpr ON COLUMN sealed.%I IS ''personal, encrypted''', column_name), ';')
  FROM information_schema.columns WHERE table_schema = 'ws' AND column_name <> 'id' \gset
:string_agg;
CALL gdpr.apply('sealed');
INSERT INTO sealed SELECT g, 'u' || g || '@example.it', 'name ' || g % 3, date '2000-01-01' + g, g * 1.5, jsonb_build_object('tags', jsonb_build_array('t', g)) FROM generate_series(1, 6) g;
GRANT ALL ON sealed TO wire_app;

-- Grouping, sets of rows, windows, WITH at every depth.
SELECT name, born, count(*), grouping(name, born) FROM sealed WHERE id < 4 GROUP BY GROUPING SETS ((name), (born), ()) ORDER BY 4, 1, 2 \gdesc
SELECT name, born, count(*), grouping(name, born) FROM sealed WHERE id < 4 GROUP BY GROUPING SETS ((name), (born), ()) ORDER BY 4, 1, 2;
SELECT name, sum(salary) FROM sealed GROUP BY ROLLUP (name) HAVING sum(salary) > 10 ORDER BY name NULLS FIRST;
SELECT email, generate_series(1, 2) AS n FROM sealed WHERE id < 3 ORDER BY email DESC, n;
SELECT id, unnest(ARRAY[email, 'x']) FROM sealed WHERE id = 1 \gdesc
SELECT id, e FROM sealed, jsonb_array_elements(extra -> 'tags') e WHERE id < 3 ORDER BY id, e::text;
(SELECT email FROM sealed ORDER BY salary DESC LIMIT 1) UNION ALL (SELECT email FROM sealed ORDER BY salary LIMIT 1) ORDER BY 1 DESC;
WITH RECURSIVE r AS (SELECT id, name FROM sealed WHERE id = 1 UNION ALL SELECT s.id, s.name FROM sealed s JOIN r ON s.id = r.id + 1 WHERE s.id < 4)
SELECT name FROM r ORDER BY name \gdesc
WITH a AS (SELECT * FROM sealed WHERE id < 4), b AS (WITH c AS (SELECT * FROM a) SELECT * FROM c)
SELECT email FROM b WHERE email IN (SELECT a.email FROM a WHERE a.id > 1) ORDER BY email;
SELECT DISTINCT ON (name) name, email, ctid IS NOT NULL AS placed, tableoid::regclass FROM sealed ORDER BY name, id DESC;
SELECT s FROM sealed s WHERE id < 3 ORDER BY email DESC;
SELECT row(email, born), row(id, row(salary, 1)) FROM sealed WHERE id = 1;
VALUES ((SELECT email FROM sealed WHERE id = 1)), ('x') ORDER BY 1;
TABLE sealed ORDER BY born LIMIT 1;

-- WITH that writes: it writes, once, and the rest is sorted and cast.
WITH w AS (INSERT INTO sealed (id, email, born) VALUES (10, 'w@example.it', '2001-01-01') RETURNING email, born)
SELECT email, born FROM w ORDER BY email \gdesc
WITH w AS (UPDATE sealed SET salary = salary + 1 WHERE id < 4 RETURNING name, salary), v AS (SELECT * FROM w)
SELECT name, (SELECT count(*) FROM w), max(salary), (SELECT min(x.name) FROM (SELECT * FROM v) x) FROM v GROUP BY name ORDER BY name;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3), d AS (DELETE FROM sealed WHERE id IN (SELECT n + 3 FROM r WHERE n > 1) RETURNING id, email)
SELECT email, (SELECT max(n) FROM r) FROM d ORDER BY email;
PREPARE writes AS WITH w AS (INSERT INTO sealed (id, email) VALUES ($1, $2) RETURNING email) SELECT email, coalesce(email, $2) FROM w ORDER BY email;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'writes';
EXECUTE writes(11, 'eleven@example.it');
ALTER TABLE sealed ALTER id SET STATISTICS 100;
EXECUTE writes(12, 'twelve@example.it');
EXPLAIN (COSTS OFF) EXECUTE writes(13, 'thirteen@example.it');
SELECT count(*) FROM sealed WHERE id > 9;

-- Rows are locked where the statement says so, and a cursor over them can be updated.
EXPLAIN (COSTS OFF) SELECT email FROM sealed ORDER BY salary FOR UPDATE;
BEGIN;
DECLARE c CURSOR FOR SELECT id, email FROM sealed WHERE id < 4 ORDER BY email DESC FOR UPDATE;
FETCH 2 FROM c;
UPDATE sealed SET name = 'current' WHERE CURRENT OF c RETURNING id, name;
DELETE FROM sealed WHERE CURRENT OF c RETURNING email;
MOVE BACKWARD 1 FROM c;
ROLLBACK;
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT email, row_number() OVER (ORDER BY born DESC) FROM sealed WHERE id < 4 ORDER BY 2;
FETCH LAST FROM c;
FETCH PRIOR FROM c;
COMMIT;
FETCH FIRST FROM c;
CLOSE c;

-- What a function's cursor returns goes to the client as well; within the function it does what it did.
CREATE FUNCTION people() RETURNS refcursor LANGUAGE plpgsql AS $$
DECLARE c refcursor := 'people'; BEGIN OPEN c FOR SELECT email, born FROM ws.sealed WHERE id < 4 ORDER BY born; RETURN c; END $$;
CREATE FUNCTION copied() RETURNS int LANGUAGE plpgsql AS $$
DECLARE c CURSOR FOR SELECT * FROM ws.sealed WHERE id < 3 ORDER BY id FOR UPDATE; r record; s ws.sealed; n int := 0;
BEGIN
    FOR r IN c LOOP
        UPDATE ws.sealed SET name = r.name || '!' WHERE CURRENT OF c;
        n := n + 1;
    END LOOP;
    OPEN c;
    FETCH c INTO s;
    CLOSE c;
    INSERT INTO ws.sealed SELECT 20, 'copy of ' || s.email, s.name, s.born, s.salary, s.extra;
    RETURN n;
END $$;
BEGIN;
SELECT people();
FETCH 1 FROM people \gdesc
FETCH 2 FROM people;
COMMIT;
SELECT copied();
SELECT id, email, name FROM sealed WHERE id IN (1, 2, 20) ORDER BY id;

-- Views, rules, row security.
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, email, name FROM sealed WHERE id < 4;
CREATE VIEW checked AS SELECT * FROM sealed WHERE id < 100 WITH CHECK OPTION;
CREATE VIEW ruled AS SELECT id, email, name FROM sealed;
CREATE RULE ruled_insert AS ON INSERT TO ruled DO INSTEAD INSERT INTO sealed (id, email, name) VALUES (new.id, new.email, new.name) RETURNING id, email, name;
GRANT ALL ON barrier, checked, ruled TO wire_app;
SET ROLE wire_app;
SELECT email FROM barrier WHERE name LIKE 'name%' ORDER BY name, email \gdesc
UPDATE barrier SET name = 'by the view' WHERE id = 3 RETURNING email, name;
INSERT INTO checked (id, email) VALUES (99, 'checked@example.it') RETURNING email, born;
INSERT INTO checked (id, email) VALUES (100, 'unchecked@example.it') RETURNING email;
INSERT INTO ruled VALUES (98, 'ruled@example.it', 'ruled') RETURNING *;
DELETE FROM checked WHERE email IN ('checked@example.it', 'ruled@example.it') RETURNING id;
RESET ROLE;
CREATE POLICY few ON sealed USING (id < 3) WITH CHECK (true);
ALTER TABLE sealed ENABLE ROW LEVEL SECURITY;
PREPARE seen AS SELECT email FROM sealed WHERE name > $1 ORDER BY email;
EXECUTE seen('');
SET ROLE wire_app;
EXECUTE seen('');
RESET ROLE;
ALTER TABLE sealed DISABLE ROW LEVEL SECURITY;

-- Parameters take the type of their first place, as the parser comes to them.
PREPARE p1 AS WITH w AS (SELECT id FROM sealed WHERE email = $1) SELECT coalesce(email, $1) FROM sealed JOIN w USING (id);
PREPARE p2 AS SELECT coalesce(email, $1) FROM sealed WHERE email = $1;
PREPARE p3 AS UPDATE sealed SET email = $1 WHERE email = $1;
PREPARE p4 AS SELECT id FROM sealed WHERE email IS DISTINCT FROM $1 AND nullif(name, $2) > $3 AND (email, id) > ($4, $5);
PREPARE p5 AS INSERT INTO sealed (id, email, born) SELECT $1, $2, $3 ON CONFLICT (email) DO UPDATE SET name = $4 WHERE sealed.name <> $4;
PREPARE p6 AS SELECT id FROM sealed WHERE extra ->> $1 = $2 AND extra @> $3 AND born + $4::int > $5 AND salary * $6 > 0;
PREPARE p7 AS SELECT id FROM sealed WHERE email LIKE $1 AND name ~ $2 AND name || $3 <> '' AND email = ANY ($4) AND born BETWEEN $5 AND $6 LIMIT $7;
PREPARE p8 AS SELECT id FROM sealed WHERE $1 IS NULL OR email = $1;
SELECT name, parameter_types FROM pg_prepared_statements WHERE name ~ '^p' ORDER BY name;
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE p2('x');
EXPLAIN (COSTS OFF) EXECUTE p1('x');
RESET enable_seqscan;
RESET plan_cache_mode;

-- Attack: plaintext into a table by EXPLAIN of a prepared statement.
PREPARE stolen AS SELECT email FROM sealed;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE loot AS EXECUTE stolen;
PREPARE stolen_row AS SELECT row(email), ARRAY[name] FROM sealed;
CREATE TABLE loot AS EXECUTE stolen_row;
-- Casts of other types are nobody's plaintext.
PREPARE casts AS SELECT ARRAY[1, 2]::bigint[] AS numbers, id::text FROM sealed WHERE id = 1;
CREATE TABLE fine AS EXECUTE casts;
TABLE fine;

SET client_min_messages = warning;
DROP SCHEMA ws CASCADE;
DROP ROLE wire_app;
