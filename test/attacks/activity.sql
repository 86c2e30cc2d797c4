-- Attack: what another session has typed.
-- as: postgres
-- open: `pg_stat_activity`
SET application_name = 'zqx1 typed';
SET ROLE reader;
SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid();
