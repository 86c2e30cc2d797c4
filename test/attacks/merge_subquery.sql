-- Attack: MERGE from a subquery, which moves the value.
-- gated: refused
MERGE INTO other o USING (SELECT id, email AS e FROM v) p ON o.id = p.id WHEN MATCHED THEN UPDATE SET note = p.e;
SELECT note FROM other;
