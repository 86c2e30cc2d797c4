-- Attack: EXISTS as a question.
-- gated: nothing
SELECT 'learned: it is there' WHERE EXISTS (SELECT FROM person WHERE email = 'zqx1@example.it');
