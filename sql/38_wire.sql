-- What the client is told: plain types, in results and in parameters; what is stored keeps the encrypted ones.
CREATE SCHEMA wr;
SET search_path = wr, public;
CREATE TABLE plain (id int PRIMARY KEY, email varchar(40) UNIQUE, name text COLLATE "C", born date, salary numeric(10,2), extra jsonb);
CREATE TABLE sealed (LIKE plain INCLUDING ALL);
SELECT string_agg(format('SECURITY LABEL FOR gdpr ON COLUMN sealed.%I IS ''personal, encrypted''', column_name), ';')
  FROM information_schema.columns WHERE table_schema = 'wr' AND table_name = 'sealed' AND column_name <> 'id' \gset
:string_agg;
CALL gdpr.apply('sealed');
INSERT INTO plain SELECT g, 'u' || g || '@example.it', 'name ' || g, date '2000-01-01' + g, g, jsonb_build_object('n', g) FROM generate_series(1, 50) g;
INSERT INTO sealed SELECT * FROM plain;

SELECT * FROM sealed \gdesc
SELECT email, lower(email) AS low, name || 'x' AS x, salary * 2 AS twice, extra -> 'n' AS n FROM sealed \gdesc
SELECT DISTINCT email, name FROM sealed ORDER BY name DESC, email LIMIT 3 \gdesc
SELECT DISTINCT email, name FROM sealed ORDER BY name DESC, email LIMIT 3;
SELECT email FROM sealed WHERE id < 3 UNION ALL SELECT email FROM plain WHERE id < 2 ORDER BY 1;
SELECT email FROM sealed UNION SELECT email FROM sealed \gdesc
SELECT name, count(*), max(born) FROM sealed GROUP BY name ORDER BY name LIMIT 2 \gdesc
SELECT name, count(*), max(born) FROM sealed GROUP BY name ORDER BY name LIMIT 2;
SELECT email, row_number() OVER (ORDER BY salary DESC) FROM sealed ORDER BY 2 LIMIT 2;
WITH w AS (INSERT INTO sealed (id, email) VALUES (100, 'w@example.it') RETURNING email) SELECT email FROM w ORDER BY email;
DELETE FROM sealed WHERE id = 100 RETURNING email, name \gdesc
DELETE FROM sealed WHERE id = 100 RETURNING email;
UPDATE sealed SET name = upper(name) WHERE id = 3 RETURNING name;
SELECT array_agg(name ORDER BY id) AS names, ARRAY[born] AS days FROM sealed GROUP BY born \gdesc
SELECT array_agg(name ORDER BY id) AS names FROM sealed WHERE id < 3;
VALUES (1) \gdesc

-- Sorting works on what is stored, and an index still serves.
EXPLAIN (VERBOSE, COSTS OFF) SELECT email FROM sealed ORDER BY salary;
SET enable_seqscan = off;
PREPARE one AS SELECT id, name FROM sealed WHERE email = $1;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'one';
EXECUTE one('u7@example.it');
EXPLAIN (COSTS OFF) EXECUTE one('u7@example.it');
PREPARE several AS SELECT id FROM sealed WHERE email IN ($1, $2, 'u9@example.it') ORDER BY id;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'several';
EXPLAIN (COSTS OFF) EXECUTE several('u7@example.it', 'u8@example.it');
EXECUTE several('u7@example.it', 'u8@example.it');
PREPARE anyof AS SELECT id FROM sealed WHERE email = ANY ($1) ORDER BY id;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'anyof';
EXECUTE anyof('{u7@example.it,u8@example.it}');
PREPARE page AS SELECT id FROM sealed WHERE (salary, born) > ($1, $2) ORDER BY salary, born LIMIT 2;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'page';
EXECUTE page(10, '2000-01-01');
PREPARE put AS INSERT INTO sealed VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING *;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'put';
EXECUTE put(60, 'p@example.it', 'p', '1999-09-09', 1.5, '{"a": 1}');
EXECUTE put(60, repeat('x', 41), 'p', '1999-09-09', 1.5, '{"a": 1}');
PREPARE mixed AS SELECT coalesce(name, $1), CASE WHEN born > $2 THEN $3 ELSE name END FROM sealed WHERE id = 1;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'mixed';
EXECUTE mixed('n', '1990-01-01', 'young');
RESET enable_seqscan;

-- The same statements on the plain table infer the same types.
PREPARE one_p AS SELECT id, name FROM plain WHERE email = $1;
PREPARE several_p AS SELECT id FROM plain WHERE email IN ($1, $2, 'u9@example.it') ORDER BY id;
PREPARE anyof_p AS SELECT id FROM plain WHERE email = ANY ($1) ORDER BY id;
PREPARE page_p AS SELECT id FROM plain WHERE (salary, born) > ($1, $2) ORDER BY salary, born LIMIT 2;
PREPARE put_p AS INSERT INTO plain VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING *;
PREPARE mixed_p AS SELECT coalesce(name, $1), CASE WHEN born > $2 THEN $3 ELSE name END FROM plain WHERE id = 1;
SELECT p.name, p.parameter_types, s.parameter_types AS sealed FROM pg_prepared_statements p JOIN pg_prepared_statements s ON p.name = s.name || '_p'
 WHERE p.parameter_types::text <> s.parameter_types::text;

-- Cursors.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT email, born FROM sealed ORDER BY id;
FETCH 1 FROM c \gdesc
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
DECLARE u CURSOR FOR SELECT id, email FROM sealed WHERE id = 4 FOR UPDATE;
FETCH u;
UPDATE sealed SET name = 'current' WHERE CURRENT OF u RETURNING name;
COMMIT;

-- What is stored keeps its type.
CREATE VIEW v AS SELECT id, email FROM sealed;
CREATE TABLE copy AS SELECT email, name FROM sealed ORDER BY id;
CREATE MATERIALIZED VIEW mv AS SELECT email FROM sealed;
SELECT name INTO copy2 FROM sealed;
CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM wr.sealed WHERE id = 5';
CREATE FUNCTION g() RETURNS text LANGUAGE plpgsql AS $$ DECLARE e wr.sealed.email%TYPE; BEGIN SELECT email INTO e FROM wr.sealed WHERE id = 5; RETURN e; END $$;
CREATE FUNCTION h() RETURNS SETOF sealed LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM wr.sealed WHERE id = 5; END $$;
SELECT f(), g();
SELECT (h()).email \gdesc
SELECT email FROM h();
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute
 WHERE attrelid IN ('v'::regclass, 'copy'::regclass, 'mv'::regclass, 'copy2'::regclass) AND attnum > 0 ORDER BY 1, attnum;
SELECT * FROM v WHERE id = 6 \gdesc
SELECT * FROM v WHERE id = 6;

-- Attack: plaintext into a table by way of a prepared statement.
PREPARE stolen AS SELECT email FROM sealed;
CREATE TABLE loot AS EXECUTE stolen;
PREPARE harmless AS SELECT id FROM sealed WHERE email = $1;
CREATE TABLE fine AS EXECUTE harmless('u7@example.it');

-- A prepared statement lives through the encryption of its table: its result has the type it had.
PREPARE before AS SELECT email FROM plain WHERE email = $1;
EXECUTE before('u7@example.it');
SECURITY LABEL FOR gdpr ON COLUMN plain.email IS 'personal, encrypted';
CALL gdpr.apply('plain');
EXECUTE before('u7@example.it');

-- A dump still reads ciphertext.
SET gdpr.output = cipher;
SELECT left(email::varchar, 3), left(format('%s', email), 18) FROM sealed WHERE id = 1;
SELECT email FROM sealed WHERE id = 1 \gdesc
RESET gdpr.output;
SET client_min_messages = warning;
DROP SCHEMA wr CASCADE;
