-- Attack: a function of one's own that stands before the one that a view names.
-- only: plain
CREATE SCHEMA mine;
CREATE FUNCTION mine.lower(text) RETURNS text LANGUAGE sql AS 'SELECT CASE WHEN heard($1) THEN $1 END';
SET LOCAL search_path = mine, public, pg_catalog;
SELECT lower(email) FROM v;
