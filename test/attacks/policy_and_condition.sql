-- Attack: row security that passes, and a cheap function that tells beside it.
SELECT id FROM secured_open WHERE heard(email::text);
