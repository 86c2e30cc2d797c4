-- Attack: EXPLAIN ANALYZE, which makes the table.
-- gated: refused
EXPLAIN (ANALYZE) CREATE TABLE copied AS SELECT email FROM person;
SELECT * FROM copied;
