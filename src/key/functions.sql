CREATE OR REPLACE FUNCTION gdpr.database_identity() RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_database_identity' LANGUAGE C STABLE;
COMMENT ON FUNCTION gdpr.database_identity() IS
    'How gdpr.key.database names this database: the same in its physical copies, another one in what its dump is '
    'restored to.';
REVOKE ALL ON FUNCTION gdpr.database_identity() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.database_identity() TO gdpr_admin, gdpr_auditor;

CREATE OR REPLACE VIEW gdpr.key_status AS
    -- A restore may record a key that the first values restored have recorded already.
    WITH known AS (
        SELECT id, use, database, generation, max(epoch) AS epoch, min(first_use) AS first_use, min(created) AS created,
               use <> 'data' OR database = gdpr.database_identity() AS own
          FROM gdpr.key GROUP BY id, use, database, generation
    ), ordered AS (
        SELECT known.*, lead(first_use) OVER later AS next_use, lead(id) OVER later IS NULL AND own AS active
          FROM known WINDOW later AS (PARTITION BY use, own ORDER BY generation, created, id)
    )
    SELECT lpad(to_hex(id), 8, '0') AS key, use, epoch, CASE WHEN active THEN 'active' ELSE 'retired' END AS state,
           CASE WHEN use = 'data' AND own THEN
               COALESCE(next_use, (SELECT last_value * 64 FROM gdpr.key_use_few)
                                  + (SELECT last_value * 16384 FROM gdpr.key_use_many)) - first_use
           END AS uses, created
      FROM ordered;
COMMENT ON VIEW gdpr.key_status IS
    'The keys, without their material. state: active seals new values, retired only opens old ones. uses: how many values '
    'a data key of this database may have sealed, rounded up; it is retired by itself long before 2^32.';
GRANT SELECT ON gdpr.key_status TO gdpr_admin, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.root_keys()
    RETURNS TABLE (epoch bigint, provider text, created timestamptz, state text, keys bigint)
    AS 'MODULE_PATHNAME', 'gdpr_root_keys' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.root_keys() IS
    'The root keys that the keyring names, newest first: the provider that keeps each, whether it is active, and how many '
    'keys of all databases, as the keyring has them, are wrapped by it. Raises where the keyring cannot be read.';
REVOKE ALL ON FUNCTION gdpr.root_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.root_keys() TO gdpr_admin, gdpr_auditor;

CREATE OR REPLACE PROCEDURE gdpr.rotate_root_key(make boolean DEFAULT true, provider text DEFAULT NULL)
    AS 'MODULE_PATHNAME', 'gdpr_rotate_root_key' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.rotate_root_key(boolean, text) IS
    'Makes a root key of a new epoch and wraps by it every data key of the keyring and of this database anew; no value is '
    'touched. provider: file or command; where it is not said, command if gdpr.key_command is set. With make => false, only wraps by the newest there is: for '
    'the other databases of a server. The old root keys stay until gdpr.destroy_root_key. Back the keyring up afterwards. '
    'Needs gdpr_admin (Art. 32).';
REVOKE ALL ON PROCEDURE gdpr.rotate_root_key(boolean, text) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE gdpr.rotate_root_key(boolean, text) TO gdpr_admin;

CREATE OR REPLACE PROCEDURE gdpr.destroy_root_key(epoch bigint)
    AS 'MODULE_PATHNAME', 'gdpr_destroy_root_key' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.destroy_root_key(bigint) IS
    'Destroys the root key of an old epoch where its provider keeps it; older copies of the keyring are yours to destroy. '
    'Raises, and destroys nothing, where it is the newest, or where a key of the keyring, of this database or perhaps of '
    'another one on the server is still wrapped by it. There is no way back. Needs gdpr_admin (Art. 32).';
REVOKE ALL ON PROCEDURE gdpr.destroy_root_key(bigint) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE gdpr.destroy_root_key(bigint) TO gdpr_admin;
