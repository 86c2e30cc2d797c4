-- Attack: ON CONFLICT DO UPDATE, which moves the value to a column that is shown.
-- gated: refused
-- deny: refused
INSERT INTO person AS p (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant = length(p.email::text) RETURNING CASE tenant WHEN 15 THEN 'learned: its length' END;
