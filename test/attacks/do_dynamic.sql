-- Attack: a statement made within DO.
DO $$ DECLARE v text; BEGIN EXECUTE 'SELECT email FROM person WHERE id = 1' INTO v; PERFORM heard(v); END $$;
