-- Attack: a policy that tells.
-- gated: refused
-- deny: refused
ALTER TABLE own FORCE ROW LEVEL SECURITY;
ALTER TABLE own ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON own USING (heard(email::text));
SELECT id FROM own;
