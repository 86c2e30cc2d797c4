-- Attack: SELECT … INTO.
-- gated: refused
SELECT email INTO TEMP copied FROM person;
SELECT * FROM copied;
