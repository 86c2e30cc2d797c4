-- Attack: the key in the error of UNIQUE that waited, and is checked by SET CONSTRAINTS. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- only: bare
-- gated: /23505: duplicate key value/
-- deny: /23505: duplicate key value/
UPDATE deferred SET tenant = 1 WHERE id = 2;
SET CONSTRAINTS ALL IMMEDIATE;
