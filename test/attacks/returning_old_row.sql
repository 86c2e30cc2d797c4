-- Attack: RETURNING of the whole row as it was and as it is.
-- needs: 18
UPDATE person SET n = 1 WHERE id = 1 RETURNING old::text, new::text;
