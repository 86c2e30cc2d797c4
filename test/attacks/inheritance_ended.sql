-- Attack: an heir that inherits no longer, and has no label of its own.
-- only: bare
-- gated: refused
-- deny: refused
ALTER TABLE own_child NO INHERIT own_parent;
SELECT email FROM own_child;
