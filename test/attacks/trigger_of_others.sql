-- Attack: a trigger on another's table, by the privilege for it.
-- gated: refused
-- deny: refused
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(OLD::text); RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION mine();
UPDATE person SET n = 1;
