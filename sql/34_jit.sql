-- Expressions that the server compiles call the extension's functions as any other's, errors through them included.
-- Where the server has no JIT the same holds without.
CREATE SCHEMA jit;
CREATE TABLE jit.person (id int, name gdpr.encrypted_text, born gdpr.encrypted_date, salary gdpr.encrypted_numeric, extra gdpr.encrypted_jsonb);
INSERT INTO jit.person SELECT g, 'name ' || g, date '2000-01-01' + g, g * 1.5, jsonb_build_object('n', g) FROM generate_series(1, 200) g;
SET jit = on;
SET jit_above_cost = 0;
SET jit_inline_above_cost = 0;
SET jit_optimize_above_cost = 0;
SELECT count(*), min(name), max(born), sum(salary), max(extra ->> 'n')
  FROM jit.person WHERE name > 'name 15' AND born < '2000-12-31' AND salary <> 7 AND name LIKE '%5%';
SELECT a.name, count(*) FROM jit.person a JOIN jit.person b ON a.name = b.name AND a.born <= b.born GROUP BY a.name ORDER BY a.name DESC LIMIT 2;
SELECT upper(name), born + 1, salary * 2, extra -> 'n', CASE WHEN name = 'name 3' THEN born END FROM jit.person WHERE id IN (3, 4) ORDER BY id;
INSERT INTO jit.person (name) SELECT 'gdpr-ciphertext-1:' || g FROM generate_series(1, 3) g;
SELECT (name || 'x')::int FROM jit.person;
DO $$
BEGIN
    FOR i IN 1..20 LOOP
        BEGIN
            PERFORM name::text::date FROM jit.person WHERE born > '1999-01-01';
        EXCEPTION WHEN invalid_datetime_format THEN
        END;
    END LOOP;
END $$;
SELECT count(*) FROM jit.person WHERE name ~ '1$';
DROP SCHEMA jit CASCADE;
