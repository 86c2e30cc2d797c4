-- Attack: the condition of an index. (Of an encrypted column refused to all.)
-- gated: refused
-- deny: refused
-- only: plain
CREATE FUNCTION tell(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN public.heard($1); END $$;
CREATE INDEX ON own (id) WHERE tell(email::text);
