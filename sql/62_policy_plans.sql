-- Indexes under the policies, and nothing seen of a restricted person through the conditions that use them.
CREATE SCHEMA pp;
CREATE ROLE pp_officer;
CREATE ROLE pp_app;
GRANT gdpr_officer TO pp_officer;
GRANT USAGE ON SCHEMA pp TO pp_officer;
GRANT ALL ON SCHEMA pp TO pp_app;
CREATE TABLE pp.person (
    id int PRIMARY KEY,
    email text,
    secret text,
    code text,
    salary numeric,
    extra jsonb,
    cv tsvector
);
INSERT INTO pp.person
    SELECT g, 'user' || g || '@example.it', 'secret' || g, g, g * 1.5, jsonb_build_object('n', g), to_tsvector('simple', 'word' || g)
      FROM generate_series(1, 20000) g;
UPDATE pp.person SET code = 'restricted\' WHERE id = 7;
CREATE TABLE pp.orders (id int PRIMARY KEY, person_id int REFERENCES pp.person, total numeric);
INSERT INTO pp.orders SELECT g, g, g FROM generate_series(1, 20000) g;
CREATE INDEX orders_person ON pp.orders (person_id);
CREATE INDEX person_lower ON pp.person (lower(email));
CREATE INDEX person_like ON pp.person (email text_pattern_ops);
CREATE INDEX person_secret ON pp.person (secret);
CREATE INDEX person_salary ON pp.person (salary);
CREATE INDEX person_extra ON pp.person USING gin (extra) WITH (fastupdate = off);
CREATE INDEX person_cv ON pp.person USING gin (cv) WITH (fastupdate = off);
GRANT ALL ON pp.person, pp.orders TO pp_app, pp_officer;
SECURITY LABEL FOR gdpr ON TABLE pp.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN pp.person.secret IS 'personal, encrypted';
CALL gdpr.apply();
VACUUM ANALYZE pp.person, pp.orders;
SET ROLE pp_officer;
SELECT gdpr.restrict('pp.person', '7', 'accuracy contested');
SELECT gdpr.state_ground('rights_of_others', 'test');
RESET ROLE;

-- Which index serves, and that the policy is still there.
CREATE FUNCTION pp.served(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; used text := ''; policies int := 0;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        used := used || coalesce(substring(line FROM '(?:Index (?:Only )?Scan using|Bitmap Index Scan on) (\w+)') || ' ', '')
                     || coalesce(substring(line FROM '(Seq Scan on \w+)') || ' ', '');
        policies := policies + (SELECT count(*) FROM regexp_matches(line, 'gdpr\.permitted', 'g'));
    END LOOP;
    RETURN used || '| policies: ' || policies;
END $$;
CREATE TEMP TABLE statements (no int GENERATED ALWAYS AS IDENTITY, query text);
GRANT SELECT ON statements TO pp_app, pp_officer;
INSERT INTO statements (query) VALUES
    ('SELECT * FROM pp.person WHERE id = 7'),
    ('SELECT * FROM pp.person WHERE lower(email) = ''user7@example.it'''),
    ('SELECT * FROM pp.person WHERE email LIKE ''user77%'''),
    ('SELECT * FROM pp.person WHERE email ~ ''^user777'''),
    ('SELECT * FROM pp.person WHERE secret = ''secret7'''),
    ('SELECT * FROM pp.person WHERE secret IN (''secret7'', ''secret8'')'),
    ('SELECT * FROM pp.person WHERE salary = 15'),
    ('SELECT * FROM pp.person WHERE salary BETWEEN 15.0 AND 16.5'),
    ('SELECT * FROM pp.person WHERE salary = ANY (ARRAY[15.0, 16.5])'),
    ('SELECT * FROM pp.person WHERE extra @> ''{"n": 7}'''),
    ('SELECT * FROM pp.person WHERE cv @@ to_tsquery(''simple'', ''word7'')'),
    ('SELECT id, to_char(salary, ''999'') FROM pp.person WHERE salary = 15 ORDER BY md5(email)'),
    ('SELECT o.id FROM pp.orders o JOIN pp.person p ON p.id = o.person_id WHERE lower(p.email) = ''user7@example.it'''),
    ('SELECT o.id FROM pp.person p LEFT JOIN pp.orders o ON p.id = o.person_id WHERE lower(p.email) = ''user7@example.it'''),
    ('SELECT * FROM pp.orders o WHERE EXISTS (SELECT 1 FROM pp.person p WHERE p.id = o.person_id AND p.salary = 15)'),
    ('WITH p AS (SELECT * FROM pp.person WHERE salary = 15) SELECT * FROM p WHERE email <> ''x'''),
    ('SELECT * FROM pp.person WHERE salary = 15 FOR UPDATE'),
    ('UPDATE pp.person SET code = md5(code) WHERE lower(email) = ''user7@example.it'''),
    ('DELETE FROM pp.person WHERE salary = 15');
SET ROLE pp_app;
SELECT no, query, pp.served(query) FROM statements ORDER BY no;
RESET ROLE;
-- Officers: the same.
SET ROLE pp_officer;
CREATE TEMP TABLE of_officer AS SELECT no, pp.served(query) AS served FROM statements;
GRANT SELECT ON of_officer TO pp_app;
RESET ROLE;
SET ROLE pp_app;
SELECT s.no FROM statements s JOIN of_officer o USING (no) WHERE pp.served(s.query) <> o.served;

-- And the rows are the right ones.
SELECT id FROM pp.person WHERE lower(email) IN ('user7@example.it', 'user8@example.it');
SELECT id FROM pp.person WHERE email LIKE 'user_@example.it' ORDER BY id;
SELECT id FROM pp.person WHERE secret IN ('secret7', 'secret8');
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0);
SELECT id FROM pp.person WHERE extra @> '{"n": 7}';
SELECT o.id, p.id FROM pp.orders o LEFT JOIN pp.person p ON p.id = o.person_id AND lower(p.email) = 'user7@example.it' WHERE o.id IN (7, 8);
SELECT p.id, o.id FROM pp.person p RIGHT JOIN pp.orders o ON p.id = o.person_id WHERE o.id IN (7, 8);
SELECT count(*) FROM pp.person p FULL JOIN pp.orders o ON p.id = o.person_id WHERE o.id IN (7, 8) OR p.id IN (7, 8);
UPDATE pp.person SET extra = NULL WHERE lower(email) IN ('user7@example.it', 'user8@example.it') RETURNING id;
DELETE FROM pp.orders WHERE total IN (7, 8) RETURNING id;
MERGE INTO pp.orders o USING (VALUES (7), (9)) v(n) ON o.total = v.n WHEN MATCHED THEN DELETE;
PREPARE by_email AS SELECT id FROM pp.person WHERE lower(email) = $1;
EXECUTE by_email('user7@example.it');
EXECUTE by_email('user8@example.it');
RESET ROLE;
SET ROLE pp_officer;
EXECUTE by_email('user7@example.it');
RESET ROLE;
DEALLOCATE by_email;

-- Attack: a function that tells what it is given, beside a condition that uses an index.
SET ROLE pp_app;
CREATE FUNCTION pp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
    $$ BEGIN IF $1 LIKE 'user7@%' OR $1 LIKE 'restricted%' THEN RAISE NOTICE 'told %', $1; END IF; RETURN true; END $$;
CREATE FUNCTION pp.tell_in_sql(text) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT pp.tell($1)';
CREATE FUNCTION pp.rows_of(text) RETURNS SETOF boolean LANGUAGE sql STABLE COST 0.0001 AS 'SELECT true WHERE pp.tell($1)';
CREATE FUNCTION pp.tell2(text, text) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT pp.tell($1)';
CREATE OPERATOR pp.<<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = pp.tell2);
CREATE VIEW pp.told AS SELECT id, salary, pp.tell(email) AS t FROM pp.person;
SELECT count(*) FROM pp.person WHERE salary = 10.5 AND pp.tell(email);
SELECT count(*) FROM pp.person WHERE salary = 10.5 AND pp.tell_in_sql(email);
SELECT count(*) FROM pp.person WHERE salary = 10.5 AND email OPERATOR(pp.<<<<) 'x';
SELECT count(*) FROM pp.told WHERE salary = 10.5 AND t;
SELECT count(*) FROM (SELECT salary, pp.tell(email) AS t FROM pp.person) s WHERE salary = 10.5 AND t;
SELECT count(*) FROM pp.person p, LATERAL (SELECT pp.tell(p.email) OFFSET 0) s WHERE salary = 10.5;
SELECT count(*) FROM pp.person p, pp.rows_of(p.email) WHERE salary = 10.5;
SELECT count(*) FROM pp.person p WHERE salary = 10.5 AND EXISTS (SELECT 1 FROM pp.orders o WHERE o.id = 10 AND pp.tell(p.email));
SELECT count(*) FROM pp.orders o JOIN pp.person p ON o.id = p.id AND pp.tell(p.email || o.total) WHERE p.salary = 10.5;
SELECT email FROM pp.person WHERE salary = 10.5 GROUP BY email HAVING pp.tell(email);
WITH p AS (SELECT salary, pp.tell(email) AS t FROM pp.person WHERE salary = 10.5) SELECT * FROM p WHERE t;
SELECT count(*) FROM pp.person WHERE salary = 10.5 AND CASE WHEN pp.tell(email) THEN true END;
UPDATE pp.person SET code = code WHERE salary = 10.5 AND pp.tell(email);
DELETE FROM pp.person WHERE salary = 10.5 AND pp.tell(email);
INSERT INTO pp.orders SELECT -id, id, 0 FROM pp.person WHERE salary = 10.5 AND pp.tell(email);
SELECT pp.tell(email) FROM pp.person WHERE salary IN (10.5) ORDER BY pp.tell(email);

-- Attack: errors that quote a value, or that only one row can cause.
SELECT id FROM pp.person WHERE id IN (7, 8) AND code::int = 8 AND salary < 100;
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND code::int = 8;
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND 1 / (id - 7) >= 0;
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND 'x' NOT LIKE code;
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND 'x' !~ ('(' || code || ')');
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND (code || '')::int = 8;
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND to_number(code, '9') = 8;
SELECT id FROM pp.person WHERE salary IN (10.5, 12.0) AND (secret::text)::name::text <> code::int::text;

-- A table with other policies keeps their order.
RESET ROLE;
CREATE POLICY people ON pp.orders AS RESTRICTIVE USING (total > 0);
SET ROLE pp_app;
EXPLAIN (COSTS OFF) SELECT * FROM pp.orders WHERE total = 15 AND person_id < 100;
RESET ROLE;

SET client_min_messages = warning;
DROP TABLE of_officer, statements;
DROP SCHEMA pp CASCADE;
DELETE FROM gdpr.restriction;
DROP ROLE pp_officer;
DROP OWNED BY pp_app;
DROP ROLE pp_app;
