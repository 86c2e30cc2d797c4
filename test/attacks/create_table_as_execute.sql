-- Attack: CREATE TABLE AS EXECUTE.
-- gated: refused
PREPARE p AS SELECT email::text || '' AS v FROM person;
CREATE TEMP TABLE copied AS EXECUTE p;
SELECT v FROM copied;
