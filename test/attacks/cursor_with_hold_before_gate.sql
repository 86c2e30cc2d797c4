-- Attack: a cursor WITH HOLD, whose rows were read before the gate.
-- as: postgres
-- transaction: own
-- gated: /55000: a statement was planned before the gates/
-- deny: /55000: a statement was planned before the gates/
:ungate;
SET SESSION AUTHORIZATION reader;
DECLARE c CURSOR WITH HOLD FOR SELECT email FROM person;
RESET SESSION AUTHORIZATION;
:gate;
SET SESSION AUTHORIZATION reader;
FETCH ALL FROM c;
