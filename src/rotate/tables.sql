-- How far the re-encryption of tables has come. No row is dumped: nothing of it is under way where a dump is restored to.
CREATE TABLE gdpr.key_rotation (
    relation regclass PRIMARY KEY,
    key text NOT NULL,
    step text NOT NULL CHECK (step IN ('rewrite', 'verify', 'done')),
    blocks bigint NOT NULL,
    next_block bigint NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    remaining bigint,
    started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    updated timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE gdpr.key_rotation IS 'The last rotation of the data key of each table, by gdpr.rotate_data_key: how far it is.';
COMMENT ON COLUMN gdpr.key_rotation.relation IS 'The table, partition or materialized view.';
COMMENT ON COLUMN gdpr.key_rotation.key IS 'The data key whose values, and those of younger keys, stay as they are.';
COMMENT ON COLUMN gdpr.key_rotation.step IS
    'rewrite: going through its blocks. verify: looking for rows that were passed over. done: nothing is left to do, or '
    'what remains is counted.';
COMMENT ON COLUMN gdpr.key_rotation.blocks IS 'Size of the table when it began, in blocks.';
COMMENT ON COLUMN gdpr.key_rotation.next_block IS 'Where the rewrite goes on.';
COMMENT ON COLUMN gdpr.key_rotation.rows IS 'Rows that were re-encrypted.';
COMMENT ON COLUMN gdpr.key_rotation.remaining IS 'Rows with values under older keys, when last verified.';
COMMENT ON COLUMN gdpr.key_rotation.started IS 'When it began.';
COMMENT ON COLUMN gdpr.key_rotation.updated IS 'When it last did something.';
GRANT SELECT ON gdpr.key_rotation TO gdpr_admin, gdpr_auditor;
SELECT pg_catalog.pg_extension_config_dump('gdpr.key_rotation', 'WHERE false');
