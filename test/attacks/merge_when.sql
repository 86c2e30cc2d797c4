-- Attack: WHEN as a question.
-- gated: refused
MERGE INTO other o USING person ON o.id = person.id WHEN MATCHED AND person.email = 'zqx1@example.it' THEN DELETE;
SELECT 'learned: it is there' WHERE NOT EXISTS (SELECT FROM other WHERE id = 1);
