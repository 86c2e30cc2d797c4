-- Attack: LIKE, letter by letter.
-- gated: nothing
SELECT 'learned: it begins so' FROM person WHERE email LIKE 'zqx%';
