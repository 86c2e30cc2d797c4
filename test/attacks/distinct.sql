-- Attack: DISTINCT.
SELECT DISTINCT email FROM person;
