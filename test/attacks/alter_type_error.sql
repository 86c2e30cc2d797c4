-- Attack: ALTER TABLE … TYPE, whose error quotes the value.
-- gated: refused
-- deny: refused
ALTER TABLE twice ALTER email TYPE int USING email::text::int;
