-- Attack: the row in the error of a view's check. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- gated: /44000: new row violates check option for view "few"/
-- deny: /44000: new row violates check option for view "few"/
-- only: bare
UPDATE few SET n = 500 WHERE id = 1;
