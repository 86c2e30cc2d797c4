-- Attack: the row as text.
SELECT person::text FROM person;
