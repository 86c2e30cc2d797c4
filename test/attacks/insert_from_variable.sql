-- Attack: a value that goes through a variable of PL/pgSQL to a table of one's own.
CREATE TEMP TABLE copied (v text);
DO $$ DECLARE r record; BEGIN FOR r IN SELECT email FROM person LOOP INSERT INTO copied VALUES (r.email); END LOOP; END $$;
SELECT * FROM copied;
