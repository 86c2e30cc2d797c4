-- Attack: CREATE TABLE AS, of a temporary table.
-- gated: refused
CREATE TEMP TABLE copied AS SELECT email FROM person;
SELECT * FROM copied;
