-- Attack: a condition of UPDATE of another table.
-- gated: refused
UPDATE other SET note = 'x' WHERE id IN (SELECT id FROM person WHERE email LIKE 'zqx%') RETURNING 'learned: it begins so';
