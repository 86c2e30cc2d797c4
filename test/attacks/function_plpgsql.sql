-- Attack: a function in PL/pgSQL.
CREATE FUNCTION mine() RETURNS SETOF person LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT * FROM person; END';
SELECT email FROM mine();
