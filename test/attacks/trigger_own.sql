-- Attack: a trigger on one's own table, which sees NEW and OLD.
-- gated: refused
-- deny: refused
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(NEW::text); RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE UPDATE ON own FOR EACH ROW EXECUTE FUNCTION mine();
UPDATE own SET n = 1;
