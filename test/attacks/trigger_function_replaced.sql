-- Attack: another body for the function of a trigger.
-- gated: refused
-- deny: refused
CREATE OR REPLACE FUNCTION triggered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(OLD::text); RETURN NEW; END $$;
UPDATE with_function SET n = 1;
