-- Attack: UNION.
SELECT note FROM other UNION SELECT email::text FROM person;
