CREATE OR REPLACE PROCEDURE gdpr.run_due_work(job text DEFAULT NULL)
    AS 'MODULE_PATHNAME', 'gdpr_run_due_work' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.run_due_work(text) IS
    'Does all that is due: sends mail, escalates, reminds, expires; or one job of gdpr.due_work. Each job runs in '
    'transactions of its own, and where one fails the others go on: gdpr.due_work says which and why. Where another session '
    'is at it, it does nothing and says so. For cron, where no worker runs (gdpr.start_worker). It cannot run in a transaction '
    'block. Needs gdpr_officer or gdpr_admin.';
REVOKE ALL ON PROCEDURE gdpr.run_due_work(text) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE gdpr.run_due_work(text) TO gdpr_officer, gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.work_jobs() RETURNS TABLE (job text, period integer)
    AS 'MODULE_PATHNAME', 'gdpr_work_jobs' LANGUAGE C STABLE;
COMMENT ON FUNCTION gdpr.work_jobs() IS 'The jobs that there are, and after how many seconds the worker runs each again; null: when there is something to do.';
REVOKE ALL ON FUNCTION gdpr.work_jobs() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.work_jobs() TO gdpr_officer, gdpr_admin, gdpr_auditor;

CREATE OR REPLACE VIEW gdpr.due_work AS
    SELECT j.job, r.last_run, r.duration, r.error, r.last_success, r.runs, r.failures
      FROM gdpr.work_jobs() AS j LEFT JOIN gdpr.work_run AS r ON r.job = j.job
     ORDER BY j.job;
COMMENT ON VIEW gdpr.due_work IS
    'The jobs of gdpr.run_due_work(): when each last ran, how long it took, what it failed of, when it last succeeded. A job '
    'whose last run has no duration did not end, or is at it.';
GRANT SELECT ON gdpr.due_work TO gdpr_officer, gdpr_admin, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.start_worker() RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_start_worker' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.start_worker() IS
    'Starts this database''s background worker, which does what gdpr.run_due_work() does, when it is due. It is started again '
    'after a crash, but not when the server is started: for that put gdpr into shared_preload_libraries, and this function is '
    'not needed. False where one is there already. gdpr.worker = off ends it. Raises where no background worker is free; for '
    'gdpr_admin.';
REVOKE ALL ON FUNCTION gdpr.start_worker() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.start_worker() TO gdpr_admin;
