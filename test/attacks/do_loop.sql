-- Attack: a loop in PL/pgSQL.
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM person LOOP PERFORM heard(r::text); END LOOP; END $$;
