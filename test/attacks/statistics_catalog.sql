-- Attack: pg_statistic itself, by who reads every table.
-- as: every_reader
-- gated: nothing
-- deny: nothing
SELECT stavalues1::text, stavalues2::text FROM pg_statistic WHERE starelid = 'person'::regclass AND staattnum = 4;
