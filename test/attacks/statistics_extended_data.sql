-- Attack: statistics of several columns, where they are stored.
-- as: every_reader
-- only: plain
-- gated: nothing
-- deny: nothing
SELECT m FROM pg_statistic_ext_data d JOIN pg_statistic_ext e ON e.oid = d.stxoid, pg_mcv_list_items(d.stxdmcv) m WHERE stxname = 'several';
