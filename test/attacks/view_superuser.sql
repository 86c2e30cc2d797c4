-- Attack: a view of a superuser.
SELECT email FROM v_super;
