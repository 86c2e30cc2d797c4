-- Attack: a trigger of one's own on a view of one's own, which sees the row that is there.
-- gated: refused
CREATE VIEW mine AS SELECT * FROM person;
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(OLD::text); RETURN NEW; END $$;
CREATE TRIGGER mine INSTEAD OF UPDATE ON mine FOR EACH ROW EXECUTE FUNCTION mine();
UPDATE mine SET n = 1 WHERE id = 1;
