-- Attack: a statement prepared before the gate.
-- as: postgres
:ungate;
SET SESSION AUTHORIZATION reader;
PREPARE p AS SELECT email FROM person WHERE id = $1;
EXECUTE p(0);
RESET SESSION AUTHORIZATION;
:gate;
SET SESSION AUTHORIZATION reader;
EXECUTE p(1);
