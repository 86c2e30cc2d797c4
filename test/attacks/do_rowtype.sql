-- Attack: a variable of the row's type.
DO $$ DECLARE r person%ROWTYPE; BEGIN SELECT * INTO r FROM person WHERE id = 1; PERFORM heard(r.email); END $$;
