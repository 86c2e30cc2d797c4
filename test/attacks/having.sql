-- Attack: HAVING.
-- gated: nothing
SELECT 'learned: it is there' FROM person GROUP BY id HAVING max(email) = 'zqx1@example.it';
