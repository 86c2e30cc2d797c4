-- The keys of this database, wrapped by the keyring's root keys. Without the keyring the rows say nothing.
CREATE TABLE gdpr.key (
    -- Deliberately not unique: a restored row must never clash with one recorded before it.
    id bigint NOT NULL,
    use text NOT NULL,
    epoch integer NOT NULL,
    database bigint NOT NULL,
    generation integer NOT NULL,
    first_use bigint NOT NULL,
    wrapped bytea NOT NULL,
    created timestamptz NOT NULL DEFAULT now()
) WITH (user_catalog_table = true); -- so that logical replication, which looks into the past, may read it
COMMENT ON TABLE gdpr.key IS 'Data keys of this database, each wrapped by a root key of the keyring.';
COMMENT ON COLUMN gdpr.key.id IS 'Random identifier, unique across databases; every encrypted value carries it.';
COMMENT ON COLUMN gdpr.key.use IS 'What the key is for: data, hash, blocklist, audit, seal, pending, journal.';
COMMENT ON COLUMN gdpr.key.epoch IS 'Epoch of the root key that wraps it.';
COMMENT ON COLUMN gdpr.key.database IS 'The database it was made for. What a dump is restored to makes data keys of its own.';
COMMENT ON COLUMN gdpr.key.generation IS 'Of one use and database the highest is active; the others only open old values.';
COMMENT ON COLUMN gdpr.key.first_use IS 'How many values the database had sealed when the key was made.';
COMMENT ON COLUMN gdpr.key.wrapped IS 'The key under AES-256 key wrap (RFC 5649).';
COMMENT ON COLUMN gdpr.key.created IS 'When it was recorded here.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.key', '');

-- How many values this database ever sealed: sequences, since they count whatever becomes of the transaction. Not
-- dumped: what a dump is restored to has keys of its own.
CREATE SEQUENCE gdpr.key_use_few;
COMMENT ON SEQUENCE gdpr.key_use_few IS 'Times that a session reserved 64 uses of the data key.';
CREATE SEQUENCE gdpr.key_use_many;
COMMENT ON SEQUENCE gdpr.key_use_many IS 'Times that a session reserved 16384 uses of the data key.';
