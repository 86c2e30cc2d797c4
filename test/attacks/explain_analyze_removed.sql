-- Attack: what EXPLAIN ANALYZE says was removed by a filter, row by row.
-- tells: Removed by Filter: 19
-- gated: /rows=(0|20)/
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT FROM person WHERE id > 0 AND email || '' < 'zqx11';
