-- Attack: a LIMIT that is a question.
-- gated: nothing
SELECT 'learned: it is there' FROM person LIMIT (SELECT count(*) FROM person WHERE email = 'zqx1@example.it');
