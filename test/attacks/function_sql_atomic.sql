-- Attack: a function in SQL with a body that was parsed when it was made.
SELECT * FROM atomic_email();
