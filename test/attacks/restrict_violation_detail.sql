-- Attack: the key in the error of a foreign key that still points to it. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- only: bare
-- gated: /23503: update or delete on table "login" violates foreign key constraint/
-- deny: /23503: update or delete on table "login" violates foreign key constraint/
DELETE FROM login;
