-- Attack: a condition of DELETE.
-- gated: refused
WITH d AS (DELETE FROM person WHERE email = 'zqx20@example.it' RETURNING id) SELECT 'learned: it is there' FROM d;
