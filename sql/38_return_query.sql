-- RETURN QUERY of PL/pgSQL: what a function declares plain stays plain, as it was written before the columns were encrypted.
CREATE SCHEMA rq;
SET search_path = rq, public;
SET client_min_messages = warning;
CREATE TABLE person (id int PRIMARY KEY, name text, born date, pay numeric(8, 2), mail varchar(40));
INSERT INTO person SELECT g, 'name ' || g, date '2000-01-01' + g, g * 1.5, 'm' || g || '@x' FROM generate_series(1, 5) g;
CREATE TYPE pair AS (name text, pay numeric(8, 2));
CREATE FUNCTION listed(beyond int) RETURNS TABLE (person_name text, number int, birthday date) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT name, id, born FROM rq.person WHERE id > beyond ORDER BY pay DESC, id; -- a sort column that is not returned
    RETURN QUERY SELECT 'nobody', 0, NULL::date;
    RETURN QUERY EXECUTE 'SELECT name, id, born FROM rq.person WHERE name = $1' USING 'name 1';
END $$;
CREATE FUNCTION names() RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT name FROM rq.person UNION SELECT name FROM rq.person ORDER BY 1; END';
CREATE FUNCTION pairs() RETURNS SETOF pair LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT name, pay FROM rq.person ORDER BY id; END';
CREATE FUNCTION people() RETURNS SETOF person LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT * FROM rq.person WHERE id < 3 ORDER BY id; RETURN NEXT NULL; END';
CREATE FUNCTION raise(percent numeric) RETURNS TABLE (n text, was varchar, p numeric) LANGUAGE plpgsql AS
    'BEGIN RETURN QUERY UPDATE rq.person SET pay = pay * (1 + percent / 100) WHERE id < 3 RETURNING name, mail, pay; END';
CREATE FUNCTION wrong() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT name FROM rq.person; END';
CREATE FUNCTION too_many() RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT name, mail FROM rq.person; END';
-- One that calls others, which fail, and whose query is made by a function.
CREATE FUNCTION failing() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT name FROM rq.person WHERE 1 / (id - 3) > 0; END $$;
CREATE FUNCTION query() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM * FROM rq.failing();
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
    RETURN 'SELECT name FROM rq.person WHERE id = 4';
END $$;
CREATE FUNCTION nested(depth int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    kept text;
BEGIN
    RETURN QUERY EXECUTE rq.query();
    IF depth > 0 THEN
        RETURN QUERY SELECT n FROM rq.nested(depth - 1) n;
        RETURN QUERY SELECT p.name FROM rq.person p WHERE EXISTS (SELECT FROM rq.names() n WHERE n = p.name) AND p.id < 3 ORDER BY p.id;
    END IF;
    FOR kept IN EXECUTE 'UPDATE rq.person SET born = born RETURNING name' LOOP END LOOP;
    RETURN NEXT kept;
END $$;
CREATE FUNCTION outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE 'SELECT string_agg(q::text, '' '') FROM ' || call || ' q' INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
CREATE TABLE outcomes AS SELECT call, outcome(call) AS plain FROM unnest(ARRAY['listed(2)', 'names()', 'pairs()', 'people()', 'raise(10)', 'wrong()',
    'too_many()', 'failing()', 'nested(2)']) call;
UPDATE person SET pay = id * 1.5;
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.born IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.pay IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.mail IS 'personal, encrypted';
CALL gdpr.apply('rq.person');
SELECT call, outcome(call), outcome(call) = plain AS same FROM (SELECT * FROM outcomes WHERE call <> 'raise(10)') o;
SELECT outcome('raise(10)') = plain FROM outcomes WHERE call = 'raise(10)';
SELECT pg_typeof(name), pg_typeof(pay) FROM people() LIMIT 1;
SELECT pg_typeof(person_name), pg_typeof(birthday) FROM listed(4) LIMIT 1;

-- By parallel workers, whose plan comes from the session.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE person SET (parallel_workers = 2);
SELECT string_agg(n, ' ' ORDER BY n) FROM names() n;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- A transaction that ended within a function, and one that an error ended, leave nothing behind.
CREATE PROCEDURE ending() LANGUAGE plpgsql AS $$ BEGIN PERFORM * FROM rq.names(); ROLLBACK; PERFORM * FROM rq.names(); COMMIT; END $$;
CALL ending();
SELECT * FROM failing();
DECLARE c CURSOR WITH HOLD FOR SELECT n FROM names() n;
FETCH 2 FROM c;
UPDATE person SET born = born WHERE id = 1 RETURNING name;
DO $$ DECLARE c refcursor; n text; BEGIN OPEN c FOR SELECT name FROM rq.person ORDER BY id; FETCH c INTO n; CLOSE c; PERFORM set_config('rq.name', n, false); END $$;
SELECT current_setting('rq.name');

-- Attack: a gated role's functions return what the role sees.
CREATE ROLE rq_tool;
GRANT USAGE ON SCHEMA rq TO rq_tool;
GRANT SELECT ON person TO rq_tool;
SET client_min_messages = error;
SELECT gdpr.gate('personal', 'export', 'mask'), gdpr.assign_channel('rq_tool', 'export') \g /dev/null
SET ROLE rq_tool;
SELECT * FROM listed(3);
SELECT * FROM names();
RESET ROLE;
SELECT gdpr.gate('personal', 'export', NULL) \g /dev/null
DROP SCHEMA rq CASCADE;
DROP OWNED BY rq_tool;
DROP ROLE rq_tool;
