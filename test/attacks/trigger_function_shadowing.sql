-- Attack: another body for the function of a trigger, with operators of one's own that the guard's own query would find.
-- gated: refused
-- deny: refused
CREATE FUNCTION never(oid, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = never);
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = never);
SET LOCAL search_path = public, pg_catalog;
CREATE OR REPLACE FUNCTION triggered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(OLD::text); RETURN NEW; END $$;
UPDATE with_function SET n = 1;
