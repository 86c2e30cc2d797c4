-- Attack: estimates of a range, by binary search.
-- tells: rows=(8\d\d|9\d\d|1000) 
-- gated: /rows=\d/
EXPLAIN SELECT FROM many WHERE email < 'g';
