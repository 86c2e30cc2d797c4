-- Attack: RETURNING of what was there before.
-- needs: 18
UPDATE person SET n = 1 WHERE id = 1 RETURNING old.email;
