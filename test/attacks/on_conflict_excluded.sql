-- Attack: ON CONFLICT DO UPDATE that compares with EXCLUDED, and returns it.
-- gated: refused
INSERT INTO person AS p (id, email) VALUES (1, 'zqx1@example.it') ON CONFLICT (id) DO UPDATE SET email = excluded.email
    WHERE p.email = excluded.email RETURNING 'learned: it is there';
