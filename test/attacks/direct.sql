-- Attack: the column by its name.
SELECT email FROM person;
