-- Attack: ALTER TABLE … USING.
-- gated: refused
-- deny: refused
ALTER TABLE own ALTER n TYPE int USING (heard(email::text))::int;
