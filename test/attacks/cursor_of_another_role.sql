-- Attack: a cursor opened by another role.
-- as: postgres
-- gated: /55000: a statement was planned before the gates/
-- deny: /55000: a statement was planned before the gates/
DECLARE c CURSOR FOR SELECT email FROM person;
SET LOCAL ROLE reader;
FETCH ALL FROM c;
