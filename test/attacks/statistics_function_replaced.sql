-- Attack: another body for the function of statistics on an expression.
-- only: plain
-- gated: refused
-- deny: refused
CREATE OR REPLACE FUNCTION counted(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
ANALYZE own;
