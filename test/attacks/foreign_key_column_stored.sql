-- Attack: a column that refers to a gated one, copied.
-- gated: refused
CREATE TABLE copied AS SELECT v::text FROM refers;
SELECT * FROM copied;
