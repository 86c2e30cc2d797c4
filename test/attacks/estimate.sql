-- Attack: estimates in EXPLAIN.
-- tells: rows=(8\d\d|9\d\d|1000) 
-- gated: /rows=\d/
EXPLAIN SELECT FROM many WHERE email = 'frequent';
