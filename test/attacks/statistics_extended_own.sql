-- Attack: statistics on an expression that one makes. (Of tables with policies they show nobody anything.)
-- only: plain bare
-- gated: refused
-- deny: refused
CREATE STATISTICS s ON (same(email::text)), n FROM own;
ANALYZE own;
SELECT most_common_vals, histogram_bounds FROM pg_stats_ext_exprs WHERE statistics_name = 's';
