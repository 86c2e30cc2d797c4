-- Attack: the row in the error of CHECK. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- gated: /23514: new row for relation "person" violates check constraint/
-- deny: /23514: new row for relation "person" violates check constraint/
-- only: bare
UPDATE person SET n = -1 WHERE id = 1;
