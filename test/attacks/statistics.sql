-- Attack: pg_stats.
-- gated: nothing
-- deny: nothing
SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename IN ('person', 'many') AND attname = 'email';
