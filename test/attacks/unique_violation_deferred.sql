-- Attack: the key in the error of UNIQUE that is checked at the end of the transaction. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- only: bare
-- transaction: own
-- gated: /23505: duplicate key value/
-- deny: /23505: duplicate key value/
BEGIN;
UPDATE deferred SET tenant = 1 WHERE id = 2;
COMMIT;
