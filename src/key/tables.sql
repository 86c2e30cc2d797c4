-- The keys of this database, wrapped by the keyring's root keys. Without the keyring the rows say nothing.
CREATE TABLE gdpr.key (
    -- Deliberately not unique: a restored row must never clash with one recorded before it.
    id bigint NOT NULL,
    use text NOT NULL,
    epoch integer NOT NULL,
    database bigint NOT NULL,
    wrapped bytea NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retired')),
    created timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE gdpr.key IS 'Data keys of this database, each wrapped by a root key of the keyring.';
COMMENT ON COLUMN gdpr.key.id IS 'Random identifier, unique across databases; every encrypted value carries it.';
COMMENT ON COLUMN gdpr.key.use IS 'What the key is for: data, hash, blocklist, audit, seal, pending.';
COMMENT ON COLUMN gdpr.key.epoch IS 'Epoch of the root key that wraps it.';
COMMENT ON COLUMN gdpr.key.database IS 'OID of the database where it was made.';
COMMENT ON COLUMN gdpr.key.wrapped IS 'The key under AES-256 key wrap (RFC 5649).';
COMMENT ON COLUMN gdpr.key.state IS 'active: seals new values. retired: only opens old ones.';
COMMENT ON COLUMN gdpr.key.created IS 'When it was recorded here.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.key', '');

CREATE VIEW gdpr.key_status AS
    -- A restore may record a key that the first values restored have recorded already.
    SELECT lpad(to_hex(id), 8, '0') AS key, use, epoch, state, min(created) AS created FROM gdpr.key
     GROUP BY id, use, epoch, state;
COMMENT ON VIEW gdpr.key_status IS 'The keys in use, without their material.';
