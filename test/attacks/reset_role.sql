-- Attack: RESET ROLE within a function of one's own.
-- as: switcher
CREATE FUNCTION mine() RETURNS text LANGUAGE sql SET role = free AS 'SELECT max(email) FROM person';
SELECT mine();
