CREATE OR REPLACE PROCEDURE gdpr.rotate_data_key(relation regclass DEFAULT NULL, new_key boolean DEFAULT true)
    AS 'MODULE_PATHNAME', 'gdpr_rotate_data_key' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.rotate_data_key(regclass, boolean) IS
    'Makes a new data key for new values and re-encrypts, under it, what older keys sealed in a table with its partitions '
    'and children, or in every table of the database, gdpr''s own included. Commits between batches; applications go on '
    'reading and writing; no trigger, rule or policy runs, since no value changes. Where an earlier call was interrupted it '
    'goes on from there, with no other key. With new_key => false it only re-encrypts, under the key that is active. '
    'gdpr.key_rotation tells how far it is. The old keys stay. Needs gdpr_admin (Art. 32).';
REVOKE ALL ON PROCEDURE gdpr.rotate_data_key(regclass, boolean) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE gdpr.rotate_data_key(regclass, boolean) TO gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.key_pins() RETURNS TABLE (key text, kind text, object text)
    AS 'MODULE_PATHNAME', 'gdpr_key_pins' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.key_pins() IS
    'What else than rows is sealed under keys that are not active: constants in defaults, checks, views, policies, '
    'partition bounds, index and other stored expressions, which keep their key until they are defined anew, and '
    'statistics, which ANALYZE renews.';
REVOKE ALL ON FUNCTION gdpr.key_pins() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.key_pins() TO gdpr_admin, gdpr_auditor;
