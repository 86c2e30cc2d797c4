-- Attack: parallel workers.
-- hide: /Gather.*\(null\)/
-- mask: /Gather.*\*{3}/
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT email FROM many WHERE n > 899;
SELECT email FROM many WHERE n > 899;
