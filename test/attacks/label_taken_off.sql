-- Attack: taking the label off. (What apply() has enforced, its owner cannot weaken.)
-- only: bare
-- gated: refused
-- deny: refused
SECURITY LABEL FOR gdpr ON COLUMN own.email IS NULL;
SELECT email FROM own;
