-- Attack: a function of one's own that takes the row.
CREATE FUNCTION of_row(person) RETURNS text LANGUAGE sql AS 'SELECT $1.email';
SELECT of_row(person) FROM person;
