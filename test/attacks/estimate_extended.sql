-- Attack: estimates by statistics of several columns.
-- only: plain
-- tells: rows=(4[2-9]\d|5\d\d) 
-- gated: /rows=\d/
EXPLAIN SELECT FROM many WHERE email = 'frequent' AND k = 1;
