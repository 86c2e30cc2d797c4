-- Attack: MERGE, which moves the value.
-- gated: refused
MERGE INTO other o USING person ON o.id = person.id WHEN MATCHED THEN UPDATE SET note = person.email WHEN NOT MATCHED THEN INSERT VALUES (person.id, person.email);
SELECT note FROM other;
