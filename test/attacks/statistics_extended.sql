-- Attack: statistics of several columns, which owners are shown.
-- gated: nothing
-- deny: nothing
-- only: plain bare
SELECT most_common_vals::text FROM pg_stats_ext WHERE statistics_name = 'several_own';
