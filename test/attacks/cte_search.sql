-- Attack: the order that WITH RECURSIVE keeps for SEARCH.
WITH RECURSIVE t(id, email) AS (SELECT id, email::text FROM person WHERE id < 3
    UNION ALL SELECT p.id, p.email::text FROM person p JOIN t ON p.id = t.id + 2 WHERE p.id < 5)
    SEARCH DEPTH FIRST BY email SET place SELECT place FROM t;
