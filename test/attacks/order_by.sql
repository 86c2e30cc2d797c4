-- Attack: ORDER BY and LIMIT, which find the place of a value.
-- gated: nothing
SELECT 'learned: the third is the last' FROM (SELECT id FROM person WHERE id IN (1, 2, 3) ORDER BY email DESC, id LIMIT 1) x WHERE id = 3;
