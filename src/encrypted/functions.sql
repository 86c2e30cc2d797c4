CREATE OR REPLACE FUNCTION gdpr.encrypted_type(regtype) RETURNS regtype
    AS 'MODULE_PATHNAME', 'gdpr_encrypted_type' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION gdpr.encrypted_type(regtype) IS
    'The encrypted counterpart of a plain type, or null where there is none (Art. 32).';
