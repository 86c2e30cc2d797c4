-- Attack: RETURNING of the row that was in the way.
-- needs: 18
INSERT INTO person (id, tenant) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1 RETURNING old.email;
