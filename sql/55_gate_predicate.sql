-- Gates: conditions, orders and errors.
-- Each is tried without the gate, where it tells, and with it (hide, mask, deny), where it must not; on a plain column
-- and on an encrypted one.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
-- Attack: equality in WHERE
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t WHERE %c = 'secret1@example.it'$a$);
-- Attack: LIKE
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t WHERE %c LIKE 'se%%'$a$);
-- Attack: binary search by comparison
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t WHERE %c > 'secret' AND %c < 'secreu'$a$);
-- Attack: IN and ANY
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t WHERE %c = ANY (ARRAY['secret1@example.it'])$a$);
-- Attack: a function that tells its argument
SELECT * FROM ga.attack($a$SELECT id FROM ga.t WHERE ga.leak(%c::text)$a$);
-- Attack: a function that tells its argument, in the list
SELECT * FROM ga.attack($a$SELECT ga.leak(%c::text) FROM ga.t$a$);
-- Attack: a function that is told the whole row
SELECT * FROM ga.attack($a$SELECT ga.leak(t::text) FROM ga.t$a$);
-- Attack: an error that quotes its argument
SELECT * FROM ga.attack($a$SELECT %c::text::int FROM ga.t$a$);
-- Attack: an error that quotes its argument, in WHERE
SELECT * FROM ga.attack($a$SELECT id FROM ga.t WHERE %c::text::int = 1$a$);
-- Attack: an error that depends on the value
SELECT * FROM ga.attack($a$SELECT id FROM ga.t WHERE 1 / (CASE WHEN id = 1 AND %c = 'secret1@example.it' THEN 0 ELSE 1 END) = 1$a$);
-- Attack: an error that quotes a field of a document
SELECT * FROM ga.attack($a$SELECT (jsonb_build_object('a', %c::text) ->> 'a')::int FROM ga.t$a$);
-- Attack: ORDER BY
SELECT * FROM ga.attack($a$SELECT 'hit' FROM (SELECT id FROM ga.t WHERE id IN (1, 2, 3) ORDER BY %c DESC LIMIT 1) x WHERE id = 3$a$);
-- Attack: HAVING
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t GROUP BY id HAVING max(%c) = 'secret1@example.it'$a$);
-- Attack: a join condition
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t JOIN (VALUES ('secret1@example.it')) v(x) ON t.%c = v.x$a$);
-- Attack: a join by USING
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t JOIN (VALUES ('secret1@example.it')) v(%c) USING (%c)$a$);
-- Attack: a semijoin
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE 'secret1@example.it' IN (SELECT %c FROM ga.t)$a$);
-- Attack: EXISTS
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE EXISTS (SELECT FROM ga.t WHERE %c = 'secret1@example.it')$a$);
-- Attack: FILTER
SELECT * FROM ga.attack($a$SELECT 'hit' FROM (SELECT count(*) FILTER (WHERE %c = 'secret1@example.it') AS c FROM ga.t) x WHERE c = 1$a$);
-- Attack: DISTINCT counts
SELECT * FROM ga.attack($a$SELECT 'hit' FROM (SELECT count(DISTINCT %c) AS c FROM ga.t) x WHERE c = 20$a$);
-- Attack: a window frame
SELECT * FROM ga.attack($a$SELECT 'hit' FROM (SELECT rank() OVER (ORDER BY %c) AS r, id FROM ga.t) x WHERE r = 2 AND id = 11$a$);
-- Attack: LIMIT from the value
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t LIMIT (SELECT count(*) FROM ga.t WHERE %c = 'secret1@example.it')$a$);
-- Attack: a condition of DELETE
SELECT * FROM ga.attack($a$WITH d AS (DELETE FROM ga.t WHERE %c = 'secret1@example.it' RETURNING id) SELECT 'hit' FROM d$a$);
-- Attack: a condition of UPDATE
SELECT * FROM ga.attack($a$WITH d AS (UPDATE ga.t SET n = 0 WHERE %c = 'secret1@example.it' RETURNING id) SELECT 'hit' FROM d$a$);
-- Attack: an operator of one's own
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.tell(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT ga.leak($1)'$a$, $a$CREATE OPERATOR ga.### (LEFTARG = text, RIGHTARG = text, FUNCTION = ga.tell)$a$, $a$SELECT id FROM ga.t WHERE %c::text OPERATOR(ga.###) 'x'$a$);
-- Attack: a domain that quotes what it refuses
SELECT * FROM ga.attack($a$CREATE DOMAIN ga.d AS text CHECK (VALUE::int > 0)$a$, $a$SELECT %c::text::ga.d FROM ga.t$a$);
-- Attack: a domain that tells what it checks
SELECT * FROM ga.attack($a$CREATE DOMAIN ga.d AS text CHECK (ga.leak(VALUE))$a$, $a$SELECT %c::text::ga.d FROM ga.t$a$);
-- Attack: a path into a document
SELECT * FROM ga.attack($a$SELECT 'hit' FROM ga.t WHERE to_jsonb(t) @? '$.%c ? (@ starts with "se")'$a$);
-- Attack: a set operation as a condition
SELECT * FROM ga.attack($a$SELECT 'hit' FROM (SELECT %c::text FROM ga.t INTERSECT SELECT 'secret1@example.it') x$a$);
\set ECHO none
\i :down
