-- Attack: a condition of UPDATE.
-- gated: refused
WITH d AS (UPDATE person SET n = 0 WHERE email = 'zqx1@example.it' RETURNING id) SELECT 'learned: it is there' FROM d;
