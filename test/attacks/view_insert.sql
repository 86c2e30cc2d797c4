-- Attack: a view that is written to, and returns what is there.
UPDATE v SET n = 3 WHERE id = 1 RETURNING email;
