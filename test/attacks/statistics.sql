-- Attack: pg_stats. (Of tables with policies they show nobody anything.)
-- only: bare
-- gated: nothing
-- deny: nothing
SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename IN ('person', 'many') AND attname = 'email';
