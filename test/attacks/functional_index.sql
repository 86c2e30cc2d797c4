-- Attack: an index on an expression that tells. (Of an encrypted column PostgreSQL would keep plaintext: refused to all.)
-- only: plain
-- gated: refused
-- deny: refused
CREATE FUNCTION tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
CREATE INDEX ON own (tell(email::text));
