-- Indexes on encrypted columns, by every kind of parameter a driver sends.
CREATE TABLE e_index (id int, email gdpr.encrypted_varchar(40), name gdpr.encrypted_text, born gdpr.encrypted_date, salary gdpr.encrypted_numeric);
INSERT INTO e_index SELECT g, 'user' || g || '@example.it', 'name ' || g % 100, date '1950-01-01' + g, g * 1.5 FROM generate_series(1, 3000) g;
CREATE UNIQUE INDEX e_index_email ON e_index (email);
CREATE INDEX e_index_name ON e_index USING hash (name);
CREATE INDEX e_index_born ON e_index (born);
CREATE INDEX e_index_salary ON e_index (salary DESC);
ANALYZE e_index;
SET enable_seqscan = off;
SET enable_bitmapscan = off;

EXPLAIN (COSTS OFF) SELECT * FROM e_index WHERE email = 'user7@example.it';
EXPLAIN (COSTS OFF) SELECT * FROM e_index WHERE email = 'user7@example.it'::text;
EXPLAIN (COSTS OFF) SELECT * FROM e_index WHERE email = ANY ('{user7@example.it,user8@example.it}'::text[]);
SELECT id FROM e_index WHERE email = ANY ('{user7@example.it,user8@example.it}'::text[]) ORDER BY id;
PREPARE by_text(text) AS SELECT id FROM e_index WHERE email = $1;
PREPARE by_varchar(varchar) AS SELECT id FROM e_index WHERE email = $1;
PREPARE by_guess AS SELECT id FROM e_index WHERE email = $1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_text('user7@example.it');
EXECUTE by_text('user7@example.it');
EXPLAIN (COSTS OFF) EXECUTE by_varchar('user7@example.it');
EXECUTE by_varchar('user7@example.it');
EXECUTE by_guess('user7@example.it');
RESET plan_cache_mode;
EXPLAIN (COSTS OFF) SELECT id FROM e_index WHERE name = 'name 7';
SELECT count(*) FROM e_index WHERE name = 'name 7';
EXPLAIN (COSTS OFF) SELECT id FROM e_index WHERE born = '1950-01-08';
EXPLAIN (COSTS OFF) SELECT id FROM e_index WHERE born BETWEEN '1950-01-08' AND date '1950-01-10';
SELECT id FROM e_index WHERE born BETWEEN '1950-01-08' AND date '1950-01-10' ORDER BY born;
EXPLAIN (COSTS OFF) SELECT id FROM e_index ORDER BY salary DESC LIMIT 3;
SELECT id, salary FROM e_index ORDER BY salary DESC LIMIT 3;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- Joins: hash, merge and nested loop, encrypted with encrypted and with plain.
CREATE TABLE e_plain (email text, born date);
INSERT INTO e_plain SELECT 'user' || g || '@example.it', date '1950-01-01' + g FROM generate_series(1, 3000, 3) g;
ANALYZE e_plain;
SET enable_nestloop = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM e_index i JOIN e_plain p ON p.email = i.email;
SELECT count(*) FROM e_index i JOIN e_plain p ON p.email = i.email;
SELECT count(*) FROM e_index i JOIN e_index j ON i.email = j.email;
RESET enable_mergejoin;
SET enable_hashjoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM e_index i JOIN e_plain p ON p.email = i.email;
SELECT count(*) FROM e_index i JOIN e_plain p ON p.email = i.email;
SELECT count(*) FROM e_index i JOIN e_plain p ON i.born = p.born;
RESET enable_nestloop;
RESET enable_hashjoin;

-- Grouping by hash and by sort agree.
SET enable_sort = off;
SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM e_index GROUP BY name) s;
RESET enable_sort;
SET enable_hashagg = off;
SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM e_index GROUP BY name) s;
RESET enable_hashagg;

-- Keys: primary, foreign (encrypted to encrypted, encrypted to plain), partitions by hash and by range.
CREATE TABLE e_owner (email gdpr.encrypted_text PRIMARY KEY);
CREATE TABLE e_owned (id int, email gdpr.encrypted_text REFERENCES e_owner ON UPDATE CASCADE);
INSERT INTO e_owner VALUES ('a@example.it');
INSERT INTO e_owned VALUES (1, 'a@example.it');
INSERT INTO e_owned VALUES (2, 'nobody@example.it');
UPDATE e_owner SET email = 'b@example.it';
SELECT * FROM e_owned;
CREATE TABLE e_plain_owner (email text PRIMARY KEY);
INSERT INTO e_plain_owner VALUES ('c@example.it');
CREATE TABLE e_cross (email gdpr.encrypted_text REFERENCES e_plain_owner);
INSERT INTO e_cross VALUES ('c@example.it');
INSERT INTO e_cross VALUES ('d@example.it');
CREATE TABLE e_hash (email gdpr.encrypted_text) PARTITION BY HASH (email);
CREATE TABLE e_hash_0 PARTITION OF e_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE e_hash_1 PARTITION OF e_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO e_hash SELECT 'user' || g FROM generate_series(1, 200) g;
SELECT (SELECT count(*) FROM e_hash_0) > 50 AND (SELECT count(*) FROM e_hash_1) > 50 AS spread;
CREATE TABLE e_range (born gdpr.encrypted_date) PARTITION BY RANGE (born);
CREATE TABLE e_range_1 PARTITION OF e_range FOR VALUES FROM ('1900-01-01') TO ('1960-01-01');
CREATE TABLE e_range_2 PARTITION OF e_range FOR VALUES FROM ('1960-01-01') TO ('2100-01-01');
INSERT INTO e_range VALUES ('1959-12-31'), ('1960-01-01'), ('1999-01-01');
SELECT tableoid::regclass, count(*) FROM e_range GROUP BY 1 ORDER BY 1;
INSERT INTO e_range VALUES ('1899-01-01');

DROP TABLE e_index, e_plain, e_owned, e_owner, e_cross, e_plain_owner, e_hash, e_range;
