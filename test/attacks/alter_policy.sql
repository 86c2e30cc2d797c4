-- Attack: a policy that tells.
-- gated: refused
-- deny: refused
ALTER TABLE own FORCE ROW LEVEL SECURITY;
ALTER TABLE own ENABLE ROW LEVEL SECURITY;
CREATE POLICY every ON own USING (true);
CREATE POLICY mine ON own AS RESTRICTIVE USING (heard(email::text));
SELECT id FROM own;
