-- Attack: WITH that writes, and returns.
-- gated: refused
WITH x AS (INSERT INTO other SELECT id, email FROM person RETURNING note) SELECT note FROM x;
