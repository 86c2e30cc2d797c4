-- Attack: a view with security_barrier, and a function that tells.
SELECT email FROM v_barrier WHERE heard(email::text);
