-- Attack: a window.
SELECT first_value(email) OVER (ORDER BY id), lag(person) OVER (ORDER BY id) FROM person;
