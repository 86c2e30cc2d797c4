-- Attack: a recursive view of one's own.
CREATE RECURSIVE VIEW mine (i, e) AS SELECT 0, email::text FROM person UNION ALL SELECT i + 1, e FROM mine WHERE i < 2;
SELECT e FROM mine;
