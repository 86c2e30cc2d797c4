-- Attack: DELETE USING, returning the other table's row.
DELETE FROM other o USING person WHERE person.id = o.id RETURNING person.email;
