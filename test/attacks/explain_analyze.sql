-- Attack: what EXPLAIN ANALYZE counts.
-- tells: rows=20(\.00)? loops
-- gated: /rows=0/
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT FROM person WHERE email LIKE 'zq%';
