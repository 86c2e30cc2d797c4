-- Attack: a unique index, whose error quotes a key. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- only: bare
-- gated: refused
-- deny: refused
CREATE UNIQUE INDEX ON twice (email);
