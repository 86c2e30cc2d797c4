-- Attack: t.*
SELECT person.* FROM person;
