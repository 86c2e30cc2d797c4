-- Attack: the whole row.
SELECT person FROM person;
