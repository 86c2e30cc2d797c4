-- Attack: a cast of one's own, with a function that tells.
CREATE TYPE told AS (v text);
CREATE FUNCTION told(text) RETURNS told LANGUAGE sql AS 'SELECT ROW(CASE WHEN heard($1) THEN $1 END)::told';
CREATE CAST (text AS told) WITH FUNCTION told(text) AS IMPLICIT;
SELECT email::text::told FROM person;
