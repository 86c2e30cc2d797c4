-- What work was done when. No uniqueness: work may be done while a restore loads it.
CREATE TABLE gdpr.work_run (
    job text NOT NULL,
    last_run timestamptz NOT NULL,
    duration interval,
    last_success timestamptz,
    runs bigint NOT NULL,
    failures bigint NOT NULL,
    error text
);
COMMENT ON TABLE gdpr.work_run IS 'The last run of each job of gdpr.run_due_work(); see gdpr.due_work.';
COMMENT ON COLUMN gdpr.work_run.job IS 'Name of the job.';
COMMENT ON COLUMN gdpr.work_run.last_run IS 'When it last began.';
COMMENT ON COLUMN gdpr.work_run.duration IS 'How long it took; null: it did not end.';
COMMENT ON COLUMN gdpr.work_run.last_success IS 'When it last ended without an error.';
COMMENT ON COLUMN gdpr.work_run.runs IS 'How often it ran.';
COMMENT ON COLUMN gdpr.work_run.failures IS 'How often it failed.';
COMMENT ON COLUMN gdpr.work_run.error IS 'What it failed of the last time, without personal data; null: it did not.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.work_run', '');
