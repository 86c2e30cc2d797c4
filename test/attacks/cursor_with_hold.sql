-- Attack: a cursor WITH HOLD.
-- transaction: own
DECLARE c CURSOR WITH HOLD FOR SELECT email FROM person;
FETCH ALL FROM c;
