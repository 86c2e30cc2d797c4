-- Attack: a cursor opened before the gate.
-- as: postgres
-- gated: /55000: a statement was planned before the gates/
-- deny: /55000: a statement was planned before the gates/
:ungate;
SET SESSION AUTHORIZATION reader;
DECLARE c CURSOR FOR SELECT email FROM person;
RESET SESSION AUTHORIZATION;
:gate;
SET SESSION AUTHORIZATION reader;
FETCH ALL FROM c;
