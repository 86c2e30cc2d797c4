-- Attack: GROUP BY of the key alone.
SELECT id, email FROM person GROUP BY id;
