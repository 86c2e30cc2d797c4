-- Attack: a new column with a check over another.
-- gated: refused
-- deny: refused
ALTER TABLE own ADD x int CHECK (heard(email::text));
