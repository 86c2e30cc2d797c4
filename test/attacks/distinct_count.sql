-- Attack: how many there are, by DISTINCT.
-- gated: nothing
SELECT 'learned: all differ' FROM (SELECT count(DISTINCT email) AS c FROM person) x WHERE c = 20;
