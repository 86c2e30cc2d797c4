-- Attack: estimates of groups.
-- tells: HashAggregate.*rows=(9\d|10\d|110) 
-- gated: /rows=\d/
EXPLAIN SELECT email FROM many GROUP BY email;
