-- Attack: a check constraint whose expression tells.
-- gated: refused
-- deny: refused
ALTER TABLE own ADD CHECK (heard(email::text));
