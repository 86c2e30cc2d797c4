-- Attack: MERGE with a condition.
-- gated: refused
MERGE INTO person USING other o ON person.email = 'zqx1@example.it' WHEN MATCHED THEN UPDATE SET tenant = -1;
SELECT 'learned: it is there' FROM person WHERE tenant = -1;
