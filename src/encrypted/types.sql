-- Operators that operator families and the planner are to find, and no expression, whatever its search_path is.
CREATE SCHEMA gdpr_operators;
REVOKE ALL ON SCHEMA gdpr_operators FROM PUBLIC;
GRANT USAGE ON SCHEMA gdpr_operators TO PUBLIC;
COMMENT ON SCHEMA gdpr_operators IS 'Operators of encrypted types that the planner puts in the place of plain ones. Not for any search_path.';
-- The encrypted type family. One routine derives each member from what the catalogs say of its plain type.
CREATE FUNCTION gdpr.pattern_support(internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gdpr_pattern_support' LANGUAGE C STRICT;
COMMENT ON FUNCTION gdpr.pattern_support(internal) IS 'Finds the index range of a pattern over an encrypted column.';
CREATE FUNCTION gdpr.pattern_selectivity(internal, oid, internal, integer) RETURNS double precision
    AS 'MODULE_PATHNAME', 'gdpr_pattern_selectivity' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION gdpr.pattern_selectivity(internal, oid, internal, integer) IS
    'Estimates how many rows a pattern finds, from the decrypted statistics of an encrypted column.';
REVOKE ALL ON FUNCTION gdpr.pattern_support(internal), gdpr.pattern_selectivity(internal, oid, internal, integer) FROM PUBLIC;
CREATE FUNCTION gdpr.define_encrypted_types(regtype[]) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_define_encrypted_types' LANGUAGE C STRICT;
SELECT gdpr.define_encrypted_types('{text, varchar, bpchar, bytea, bool, int2, int4, int8, numeric, float8, date, time,
    timestamp, timestamptz, interval, uuid, inet, json, jsonb}');
DROP FUNCTION gdpr.define_encrypted_types(regtype[]);
