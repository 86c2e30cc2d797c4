-- Attack: a trigger that was there before the gate, and tells.
-- as: postgres
-- open: triggers and expressions that a gated role made before it was gated
:ungate;
SET SESSION AUTHORIZATION reader;
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(OLD::text); RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE UPDATE ON own FOR EACH ROW EXECUTE FUNCTION mine();
RESET SESSION AUTHORIZATION;
:gate;
SET SESSION AUTHORIZATION reader;
UPDATE own SET n = 1;
