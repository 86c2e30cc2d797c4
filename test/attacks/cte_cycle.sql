-- Attack: the path that WITH RECURSIVE keeps for CYCLE.
WITH RECURSIVE t(id, email) AS (SELECT id, email::text FROM person WHERE id < 3
    UNION ALL SELECT p.id, p.email::text FROM person p JOIN t ON p.id = t.id + 2 WHERE p.id < 5)
    CYCLE email SET again USING path SELECT path FROM t;
