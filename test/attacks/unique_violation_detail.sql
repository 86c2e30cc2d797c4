-- Attack: the key in the error of UNIQUE. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- gated: /23505: duplicate key value/
-- deny: /23505: duplicate key value/
-- only: bare
UPDATE person SET tenant = 2 WHERE id = 1;
INSERT INTO person (id, tenant, email) VALUES (50, 2, 'zqx1@example.it');
