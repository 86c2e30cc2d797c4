-- Attack: a trigger of one's own on one's own table, whose column refers to a gated one.
-- gated: refused
CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', OLD.v; RETURN NEW; END $$;
CREATE TRIGGER tells BEFORE UPDATE ON refers_own FOR EACH ROW EXECUTE FUNCTION tells();
UPDATE refers_own SET id = 2;
