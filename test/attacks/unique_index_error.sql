-- Attack: a unique index, whose error quotes a key.
-- gated: refused
-- deny: refused
CREATE UNIQUE INDEX ON twice (email);
