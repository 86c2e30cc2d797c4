-- Attack: INTERSECT as a question.
-- gated: nothing
-- deny: nothing
SELECT 'learned: it is there' FROM (SELECT email::text FROM person INTERSECT SELECT 'zqx1@example.it') x;
