-- Attack: functions in SQL of one's own, inlined and not.
CREATE FUNCTION inlined() RETURNS SETOF person LANGUAGE sql STABLE AS 'SELECT * FROM person';
CREATE FUNCTION kept() RETURNS SETOF person LANGUAGE sql VOLATILE STRICT AS 'SELECT * FROM person';
SELECT i.email, k.email FROM inlined() i, kept() k WHERE i.id = k.id;
