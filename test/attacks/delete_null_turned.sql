-- Attack: a condition of DELETE that a null would turn round.
-- gated: refused
DELETE FROM person WHERE id = 20 AND email IS NOT NULL RETURNING 'learned: it is there';
