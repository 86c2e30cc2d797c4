-- Attack: a TABLESAMPLE whose size is a question.
-- gated: nothing
SELECT DISTINCT 'learned: it is there' FROM person TABLESAMPLE BERNOULLI ((SELECT count(*) * 100 FROM person WHERE email = 'zqx1@example.it'));
