-- Attack: a function that tells, in RETURNING.
UPDATE person SET n = 9 RETURNING heard(person::text);
