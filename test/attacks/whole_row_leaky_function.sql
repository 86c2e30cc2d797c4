-- Attack: a function that is told the whole row.
SELECT heard(person::text) FROM person;
