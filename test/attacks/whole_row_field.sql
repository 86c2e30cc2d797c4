-- Attack: a field of the whole row, in both notations.
SELECT (person).email, email(person) FROM person;
