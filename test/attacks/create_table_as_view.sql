-- Attack: CREATE TABLE AS of a view, through WITH and its whole row.
-- gated: refused
CREATE TABLE copied AS WITH x AS (SELECT v AS r FROM v) SELECT (r).email FROM x;
SELECT * FROM copied;
