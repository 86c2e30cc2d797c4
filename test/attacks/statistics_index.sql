-- Attack: statistics of an index on an expression.
-- only: plain
-- gated: nothing
-- deny: nothing
SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'own_lower';
