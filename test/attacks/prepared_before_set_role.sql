-- Attack: PREPARE by one who may, then SET ROLE.
-- as: postgres
PREPARE p AS SELECT email FROM person WHERE id = $1;
EXECUTE p(0);
SET ROLE reader;
EXECUTE p(1);
