-- Attack: UPDATE … FROM.
-- gated: refused
UPDATE other o SET note = person.email FROM person WHERE person.id = o.id RETURNING note;
