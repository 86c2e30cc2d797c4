-- The encrypted type family. One routine derives each member from what the catalogs say of its plain type.
CREATE FUNCTION gdpr.define_encrypted_types(regtype[]) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_define_encrypted_types' LANGUAGE C STRICT;
SELECT gdpr.define_encrypted_types('{text, varchar, bytea, bool, int2, int4, int8, numeric, float8, date, time,
    timestamp, timestamptz, interval, uuid, inet, json, jsonb}');
DROP FUNCTION gdpr.define_encrypted_types(regtype[]);
