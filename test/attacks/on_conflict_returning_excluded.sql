-- Attack: ON CONFLICT DO UPDATE, returning what was EXCLUDED.
INSERT INTO person AS p (id, email) VALUES (1, 'zqx1@example.it') ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING p.email;
