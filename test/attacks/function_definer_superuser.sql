-- Attack: a function with SECURITY DEFINER of a superuser.
SELECT super_email();
