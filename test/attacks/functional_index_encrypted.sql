-- Attack: an index on an expression that tells, of an encrypted column, in encrypted form.
-- only: encrypted
-- gated: refused
-- deny: refused
CREATE FUNCTION tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
CREATE INDEX ON own (gdpr.sealed(tell(email)));
