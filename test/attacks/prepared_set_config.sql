-- Attack: set_config in place of SET ROLE.
-- as: postgres
PREPARE p AS SELECT email FROM person WHERE id = $1;
EXECUTE p(0);
SELECT set_config('role', 'reader', false);
EXECUTE p(1);
