-- Attack: the place of a value, by a window.
-- gated: nothing
SELECT 'learned: ten comes after one' FROM (SELECT rank() OVER (ORDER BY email) AS r, id FROM person) x WHERE r = 2 AND id = 11;
