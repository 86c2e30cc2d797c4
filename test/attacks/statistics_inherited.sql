-- Attack: statistics of a partitioned table and of its partitions. (Of tables with policies pg_stats shows nobody anything.)
-- gated: nothing
-- deny: nothing
-- only: bare
SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename LIKE 'visit%' AND attname = 'email';
