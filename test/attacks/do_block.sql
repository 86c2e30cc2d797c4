-- Attack: DO.
DO $$ BEGIN PERFORM heard(email::text) FROM person; END $$;
