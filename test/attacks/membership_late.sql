-- Attack: a membership that comes while a plan is kept.
-- as: postgres
SET SESSION AUTHORIZATION late;
PREPARE p AS SELECT email FROM person WHERE id = $1;
EXECUTE p(0);
RESET SESSION AUTHORIZATION;
GRANT gated TO late;
SET SESSION AUTHORIZATION late;
EXECUTE p(1);
