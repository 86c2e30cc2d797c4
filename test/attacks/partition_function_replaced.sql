-- Attack: another body for the function of a partition key.
-- only: plain
-- gated: refused
-- deny: refused
CREATE OR REPLACE FUNCTION routed(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN 'z'; END $$;
UPDATE routed SET n = 2;
