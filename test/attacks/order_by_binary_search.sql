-- Attack: a value of one's own put between the others by ORDER BY, and moved.
-- gated: nothing
SELECT 'learned: it is between' FROM (SELECT id, row_number() OVER (ORDER BY v, id) AS place
    FROM (SELECT id, email::text AS v FROM person WHERE id IN (1, 3) UNION ALL SELECT 2, 'zqx2') x) y WHERE id = 2 AND place = 2;
