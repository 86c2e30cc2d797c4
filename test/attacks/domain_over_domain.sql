-- Attack: a check of the domain below that of a gated column.
-- only: plain
-- gated: refused
CREATE FUNCTION heard_by_domain(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
ALTER DOMAIN checked ADD CHECK (heard_by_domain(VALUE));
