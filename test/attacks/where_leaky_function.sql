-- Attack: a cheap function that tells its argument, in WHERE.
SELECT id FROM person WHERE heard(email::text);
