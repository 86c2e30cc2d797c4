-- Attack: FILTER as a question.
-- gated: nothing
SELECT 'learned: it is there' FROM (SELECT count(*) FILTER (WHERE email = 'zqx1@example.it') AS c FROM person) x WHERE c = 1;
