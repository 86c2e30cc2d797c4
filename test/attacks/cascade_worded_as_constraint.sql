-- Attack: a statement worded as a foreign key's, within a cascade.
-- tells: ERROR: .*learned
-- deny: refused
-- gated: nothing
CREATE TABLE up (id int PRIMARY KEY);
CREATE TABLE down (id int REFERENCES up ON DELETE CASCADE);
INSERT INTO up VALUES (1);
INSERT INTO down VALUES (1);
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM ONLY own x WHERE email = 'zqx1' FOR KEY SHARE OF x; IF FOUND THEN RAISE 'learned: it is there'; END IF; RETURN OLD; END $$;
CREATE TRIGGER mine BEFORE DELETE ON down FOR EACH ROW EXECUTE FUNCTION mine();
DELETE FROM up;
