-- Attack: parameters that an error in the log quotes.
-- as: postgres
-- hide: hidden
-- mask: /22P02/
SET log_parameter_max_length_on_error = -1;
SET SESSION AUTHORIZATION reader;
DO $$ DECLARE v text := (SELECT max(email) FROM person); r text; BEGIN EXECUTE 'SELECT $1::int' INTO r USING v; RAISE NOTICE 'nothing: %', r; END $$;
