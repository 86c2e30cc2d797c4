-- Attack: EXCEPT.
SELECT email::text FROM person EXCEPT SELECT note FROM other;
