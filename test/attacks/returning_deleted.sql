-- Attack: RETURNING of deleted rows.
DELETE FROM person WHERE id = 20 RETURNING email;
