-- Attack: constants in EXPLAIN that the planner has computed from the value.
-- only: plain
-- gated: /./
CREATE FUNCTION first_email() RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT max(email) FROM person';
EXPLAIN (VERBOSE, COSTS OFF) SELECT first_email();
