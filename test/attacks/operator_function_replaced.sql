-- Attack: another body for the function of an operator that an index uses.
-- only: plain
-- gated: refused
-- deny: refused
CREATE OR REPLACE FUNCTION joined(text, text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
REINDEX TABLE with_function;
