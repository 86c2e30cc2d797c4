-- Attack: DISTINCT ON.
SELECT DISTINCT ON (id) id, email FROM person ORDER BY id;
