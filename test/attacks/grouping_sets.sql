-- Attack: GROUPING SETS.
SELECT email::text, count(*) FROM person GROUP BY GROUPING SETS ((email), ());
