-- Attack: estimates of a join.
-- tells: Join .*rows=[78]\d{5} 
-- gated: /rows=\d/
EXPLAIN SELECT FROM many a JOIN many b USING (email);
