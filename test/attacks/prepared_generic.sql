-- Attack: a generic plan made by one who may, then SET ROLE and SET SESSION AUTHORIZATION.
-- as: postgres
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT email FROM person WHERE id = $1;
EXECUTE p(0);
SET SESSION AUTHORIZATION reader;
EXECUTE p(1);
