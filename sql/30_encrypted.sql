-- Encrypted types behave as the plain ones: values, lengths, errors, order, nulls.
CREATE TABLE e_person (
    id int PRIMARY KEY,
    email gdpr.encrypted_varchar(20) UNIQUE,
    name gdpr.encrypted_text,
    salary gdpr.encrypted_numeric(10, 2),
    born gdpr.encrypted_date,
    extra gdpr.encrypted_jsonb
);
INSERT INTO e_person VALUES
    (1, 'mario@example.it', 'Mario Rossi', 1234.567, '1971-04-25', '{"vip": true, "tags": ["a", "b"]}'),
    (2, 'lucja@example.pl', 'Łucja Wójcik', 99, '1984-12-13', '{"vip": false}'),
    (3, 'anna@example.de', '', NULL, NULL, NULL),
    (4, '', 'Zażółć gęślą jaźń', -0.005, '0044-03-15 BC', '[]');
SELECT * FROM e_person ORDER BY id;

-- The values of the plain types' own rules.
SELECT salary, scale(salary), born - date '1971-04-24' AS days FROM e_person WHERE id = 1;
INSERT INTO e_person (id, email) VALUES (9, 'abcdefghijklmnopqrstu');
INSERT INTO e_person (id, salary) VALUES (9, 123456789);
INSERT INTO e_person (id, born) VALUES (9, '2001-02-30');
INSERT INTO e_person (id, salary) VALUES (9, 'x');
INSERT INTO e_person (id, extra) VALUES (9, '{');
INSERT INTO e_person (id, email) VALUES (9, 'mario@example.it');
SELECT 'trailing blanks go   '::gdpr.encrypted_varchar(17) || '|' AS cut;

-- On disk each value differs, even of one plaintext; it is 33 bytes longer.
SET gdpr.output = 'cipher';
SELECT count(DISTINCT format('%s', gdpr.encrypted_text('hello'::text))) AS ciphertexts FROM generate_series(1, 100);
RESET gdpr.output;
SELECT pg_column_size(name) - octet_length(name) - 1 AS overhead FROM e_person WHERE id IN (1, 2) ORDER BY id;

-- Comparison is by plaintext, in the plain type's order.
SELECT name FROM e_person ORDER BY name COLLATE "C";
SELECT id FROM e_person ORDER BY born DESC NULLS LAST;
SELECT id FROM e_person WHERE salary > 50 ORDER BY salary;
SELECT id FROM e_person WHERE salary = 99.00;
SELECT id FROM e_person WHERE email = 'lucja@example.pl';
SELECT id FROM e_person WHERE email = 'lucja@example.pl'::text;
SELECT id FROM e_person WHERE email = 'lucja@example.pl'::varchar;
SELECT id FROM e_person WHERE 'lucja@example.pl'::text = email;
SELECT id FROM e_person WHERE email IN ('lucja@example.pl', '') ORDER BY id;
SELECT id FROM e_person WHERE email = ANY (ARRAY['lucja@example.pl', '']) ORDER BY id;
SELECT id FROM e_person WHERE name LIKE 'M%' OR name ILIKE '%WÓJ%' ORDER BY id;
SELECT id FROM e_person WHERE born BETWEEN '1970-01-01' AND date '1980-01-01';
SELECT id FROM e_person WHERE extra @> '{"vip": true}';
SELECT id FROM e_person WHERE (name, born) > ('A', '1900-01-01') ORDER BY id;
SELECT name = email AS across_types, email < name FROM e_person WHERE id = 1;
SELECT 'B'::gdpr.encrypted_text > 'a' COLLATE "C" AS c_collation, 'a'::gdpr.encrypted_text < 'B' COLLATE "C" AS c_too;

-- Functions and operators of the plain type.
SELECT upper(name), length(name), name || '!', split_part(email, '@', 2), substr(name, 1, 3) FROM e_person WHERE id = 2;
SELECT born + 1, born - interval '1 day', extract(year FROM born), salary * 2, round(salary), -salary FROM e_person WHERE id = 1;
SELECT extra -> 'tags' -> 0, extra ->> 'vip', extra || '{"c": 1}', extra - 'vip', jsonb_typeof(extra) FROM e_person WHERE id = 1;
SELECT count(DISTINCT email), min(email), max(born), sum(salary), avg(salary), string_agg(name, ',' ORDER BY id) FROM e_person;
SELECT to_jsonb(p) FROM e_person p WHERE id = 1;
SELECT coalesce(name, 'none'), nullif(name, ''), CASE WHEN id = 1 THEN name ELSE email END FROM e_person ORDER BY id;
SELECT name FROM e_person WHERE id = 1 UNION SELECT email FROM e_person WHERE id = 2 UNION SELECT 'x' ORDER BY 1;
SELECT name::varchar(3), salary::int, born::timestamp, born::text, extra::text FROM e_person WHERE id = 1;

-- What the plain type reaches by an implicit cast, the encrypted one reaches too.
SELECT to_char(born, 'DD.MM.YYYY'), date_trunc('month', born), age('2026-11-24', born), born <@ daterange('1971-01-01', '1972-01-01'),
       born < timestamp '1980-01-01', pg_typeof(date_trunc('month', born)) FROM e_person WHERE id = 1;
SELECT coalesce(salary, 0), greatest(salary, 1), salary > 5.5::float8, salary / 2, salary / '2', sqrt(salary), round(power(salary, 2), 4), pg_typeof(salary * 1.5::float8)
  FROM e_person WHERE id IN (1, 3) ORDER BY id;
SELECT extra['tags'][1], extra['none'] FROM e_person WHERE id = 1;
UPDATE e_person SET extra['tags'][0] = '"z"', extra['new']['deep'] = '1' WHERE id = 1 RETURNING extra;
UPDATE e_person SET extra['first'] = 'true' WHERE id = 3 RETURNING extra, pg_typeof(extra);
-- And expressions over plain types resolve as if the extension were not there.
SELECT 1 = 1.0, 1::smallint < 1.5, 2 + 1.5, 2 * 1.5::real, pg_typeof(2 + 1.5::real), 7 / 2.0, pg_typeof(7::bigint / 2.0::float8), round(5, 2), coalesce(1, 2.5);

-- Writing from plain expressions and between encrypted columns.
UPDATE e_person SET name = email, salary = salary + 1, born = born + 1, extra = extra || '{"seen": 1}' WHERE id = 2;
SELECT name, salary, born, extra FROM e_person WHERE id = 2;
INSERT INTO e_person (id, email) VALUES (5, 'new@example.it') ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.email;
INSERT INTO e_person (id, email) VALUES (6, 'new@example.it') ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.email RETURNING id, name;
MERGE INTO e_person p USING (VALUES ('new@example.it', 7)) AS v(email, salary) ON p.email = v.email
    WHEN MATCHED THEN UPDATE SET salary = v.salary;
SELECT salary FROM e_person WHERE id = 5;
DELETE FROM e_person WHERE email = 'new@example.it' RETURNING id;

-- COPY both ways carries plaintext.
COPY e_person (id, email, born) FROM STDIN WITH (FORMAT csv);
7,copied@example.it,1999-12-31
\.
COPY (SELECT * FROM e_person WHERE id = 7) TO STDOUT;

-- The keys say what they are for and nothing more.
SELECT use, state, epoch, key ~ '^[0-9a-f]{8}$' FROM gdpr.key_status WHERE use = 'data';

-- Encrypted counterparts.
SELECT gdpr.encrypted_type('text'), gdpr.encrypted_type('numeric'), gdpr.encrypted_type('point');
DROP TABLE e_person;
