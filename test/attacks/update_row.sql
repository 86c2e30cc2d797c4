-- Attack: UPDATE with a row from a subquery.
-- gated: refused
UPDATE other o SET (id, note) = (SELECT id, email FROM person WHERE person.id = 1) RETURNING note;
