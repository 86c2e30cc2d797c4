-- Attack: WITH RECURSIVE.
WITH RECURSIVE x(i, v) AS (SELECT 0, email::text FROM person UNION ALL SELECT i + 1, v FROM x WHERE i < 2) SELECT v FROM x;
