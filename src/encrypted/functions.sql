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
