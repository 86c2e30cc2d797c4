-- Attack: the key in the error of EXCLUDE, which is another row's. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- only: bare
-- tells: \[7071,7080\)
-- gated: /23P01: conflicting key value violates exclusion constraint/
-- deny: /23P01: conflicting key value violates exclusion constraint/
INSERT INTO stay VALUES (2, '[1,9999)');
