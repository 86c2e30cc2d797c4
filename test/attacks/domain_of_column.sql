-- Attack: a check of a domain that the column is of.
-- only: plain
-- gated: refused
-- deny: refused
ALTER DOMAIN dom ADD CHECK (heard(VALUE));
