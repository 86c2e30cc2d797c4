-- Attack: the condition of a trigger.
-- gated: refused
-- deny: refused
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE UPDATE ON own FOR EACH ROW WHEN (heard(OLD.email::text)) EXECUTE FUNCTION mine();
UPDATE own SET n = 1;
