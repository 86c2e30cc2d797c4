-- Which database this is, for the journal outside of it. A restored dump brings the ids of the databases it came from
-- along; the oldest is the one that acts are written under.
CREATE TABLE gdpr.lineage (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    made timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE gdpr.lineage IS 'The ids of this database and of those it was restored or copied from.';
COMMENT ON COLUMN gdpr.lineage.id IS 'As the journal names it.';
COMMENT ON COLUMN gdpr.lineage.made IS 'When CREATE EXTENSION made it.';
INSERT INTO gdpr.lineage DEFAULT VALUES;
SELECT pg_catalog.pg_extension_config_dump('gdpr.lineage', '');

CREATE TABLE gdpr.journal_entry (
    -- Deliberately not unique: a restored row must never clash.
    entry uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE gdpr.journal_entry IS
    'The acts in the journal that are in force in this database; those it does not have are replayed after a restore.';
COMMENT ON COLUMN gdpr.journal_entry.entry IS 'Id of the act.';
COMMENT ON COLUMN gdpr.journal_entry.at IS 'When it was done here.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.journal_entry', '');
