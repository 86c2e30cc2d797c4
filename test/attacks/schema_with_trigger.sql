-- Attack: a partition of one's own with a trigger, made within CREATE SCHEMA, into which the rows move.
-- gated: refused
-- deny: refused
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM heard(NEW::text); RETURN NEW; END $$;
CREATE SCHEMA mine
    CREATE TABLE part PARTITION OF public.parts FOR VALUES FROM (10) TO (20)
    CREATE TRIGGER mine BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION public.mine();
UPDATE parts SET at = 15;
