-- Attack: the key in the error of a foreign key that still points to it.
-- gated: /23503: update or delete on table "login" violates foreign key constraint/
-- deny: /23503: update or delete on table "login" violates foreign key constraint/
DELETE FROM login;
