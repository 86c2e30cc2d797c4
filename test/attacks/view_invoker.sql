-- Attack: a view with security_invoker.
SELECT email FROM v_invoker;
