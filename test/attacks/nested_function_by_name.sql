-- Attack: another body for a function that the function of an index calls by its name, of which the server knows nothing.
-- only: plain
-- open: functions that functions of constraints
CREATE OR REPLACE FUNCTION inner_text(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.heard($1); RETURN ''; END $$;
REINDEX TABLE with_function;
