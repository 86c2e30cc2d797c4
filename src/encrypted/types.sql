-- The encrypted type family. One routine derives each member from what the catalogs say of its plain type.
CREATE FUNCTION gdpr.define_encrypted_type(regtype) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_define_encrypted_type' LANGUAGE C STRICT;
SELECT gdpr.define_encrypted_type(plain)
  FROM unnest('{text, varchar, date, numeric, jsonb}'::regtype[]) AS plain;
DROP FUNCTION gdpr.define_encrypted_type(regtype);
-- Once, when all types are there: an expression may hold several of them.
CREATE FUNCTION gdpr.define_overloads(regtype[]) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_define_overloads' LANGUAGE C STRICT;
SELECT gdpr.define_overloads('{text, varchar, date, numeric, jsonb}');
DROP FUNCTION gdpr.define_overloads(regtype[]);
