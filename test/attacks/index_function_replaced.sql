-- Attack: another body for the function of an index.
-- only: plain
-- gated: refused
-- deny: refused
CREATE OR REPLACE FUNCTION indexed(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
REINDEX TABLE with_function;
