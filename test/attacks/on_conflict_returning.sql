-- Attack: ON CONFLICT DO UPDATE, returning what is there.
INSERT INTO person (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 1 RETURNING email;
