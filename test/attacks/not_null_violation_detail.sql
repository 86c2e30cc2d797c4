-- Attack: the row in the error of NOT NULL. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- gated: /23502: null value in column "id"/
-- deny: /23502: null value in column "id"/
-- only: bare
UPDATE person SET id = NULL WHERE id = 1;
