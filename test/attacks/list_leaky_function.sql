-- Attack: a function that tells its argument, in the list.
SELECT heard(email::text) FROM person;
