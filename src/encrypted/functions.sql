CREATE OR REPLACE FUNCTION gdpr.encrypted_type(regtype) RETURNS regtype
    AS 'MODULE_PATHNAME', 'gdpr_encrypted_type' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION gdpr.encrypted_type(regtype) IS
    'The encrypted counterpart of a plain type, or null where there is none (Art. 32).';

CREATE OR REPLACE FUNCTION gdpr.create_encrypted_type(regtype) RETURNS regtype
    AS 'MODULE_PATHNAME', 'gdpr_create_encrypted_type' LANGUAGE C STRICT VOLATILE;
REVOKE ALL ON FUNCTION gdpr.create_encrypted_type(regtype) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.create_encrypted_type(regtype) TO gdpr_admin;
COMMENT ON FUNCTION gdpr.create_encrypted_type(regtype) IS
    'Makes the encrypted type of a type that has none yet: an enum, a domain, an array, a composite type, or any other. Errors: wrong_object_type for pseudo-types, row types of tables and what identifies objects of the database (Art. 32).';

CREATE OR REPLACE FUNCTION gdpr.group_key("any") RETURNS uuid
    AS 'MODULE_PATHNAME', 'gdpr_group_key' LANGUAGE C STRICT VOLATILE PARALLEL SAFE;
REVOKE ALL ON FUNCTION gdpr.group_key("any") FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.group_key("any") TO PUBLIC;
COMMENT ON FUNCTION gdpr.group_key("any") IS
    'What plans group encrypted values by: a digest of the plaintext under a key that each server process makes for itself. Errors: wrong_object_type for a value that is not encrypted (Art. 32).';
