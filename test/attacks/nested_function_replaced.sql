-- Attack: another body for a function that the function of an index calls.
-- only: plain
-- gated: refused
-- deny: refused
CREATE OR REPLACE FUNCTION inner_one(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
REINDEX TABLE with_function;
