-- Attack: the row in the error of a partition. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- gated: /23514: new row for relation "visit_1" violates partition constraint/
-- deny: /23514: new row for relation "visit_1" violates partition constraint/
-- only: bare
UPDATE visit_1 SET at = 99;
