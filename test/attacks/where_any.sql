-- Attack: = ANY.
-- gated: nothing
SELECT 'learned: it is there' FROM person WHERE email = ANY (ARRAY['zqx1@example.it']);
