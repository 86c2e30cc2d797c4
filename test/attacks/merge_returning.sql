-- Attack: RETURNING of a MERGE.
-- needs: 17
MERGE INTO person p USING (SELECT 1 AS id) s ON p.id = s.id WHEN MATCHED THEN UPDATE SET n = 1 RETURNING p.email;
