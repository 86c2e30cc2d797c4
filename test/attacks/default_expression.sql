-- Attack: a constant in a column's default.
-- open: constants in definitions
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'other'::regclass;
