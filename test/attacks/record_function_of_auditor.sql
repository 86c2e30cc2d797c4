-- Attack: a function with SECURITY DEFINER of an auditor.
-- only: applied
SELECT log_by_auditor();
