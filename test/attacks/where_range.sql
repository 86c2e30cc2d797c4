-- Attack: binary search by comparison.
-- gated: nothing
SELECT 'learned: it is between' FROM person WHERE email > 'zqx' AND email < 'zqy';
