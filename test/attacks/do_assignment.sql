-- Attack: an assignment in PL/pgSQL.
DO $$ DECLARE v text := (SELECT email FROM person WHERE id = 1); BEGIN PERFORM heard(v); END $$;
