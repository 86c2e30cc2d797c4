-- Attack: equality in WHERE.
-- gated: nothing
SELECT 'learned: it is there' FROM person WHERE email = 'zqx1@example.it';
