-- Attack: rows that are deleted, and stored elsewhere.
-- gated: refused
WITH gone AS (DELETE FROM person WHERE id = 20 RETURNING *) INSERT INTO other SELECT id, email FROM gone;
SELECT note FROM other;
