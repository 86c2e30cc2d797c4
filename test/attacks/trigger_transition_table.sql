-- Attack: a transition table.
-- gated: refused
-- deny: refused
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(x::text) FROM x; RETURN NULL; END $$;
CREATE TRIGGER mine AFTER UPDATE ON own REFERENCING OLD TABLE AS x FOR EACH STATEMENT EXECUTE FUNCTION mine();
UPDATE own SET n = 1;
