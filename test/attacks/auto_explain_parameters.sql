-- Attack: parameters that auto_explain writes, of a statement within a function.
-- as: postgres
-- gated: /Query Text/
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
SET SESSION AUTHORIZATION reader;
DO $$ DECLARE v text := (SELECT max(email) FROM person); BEGIN PERFORM FROM other WHERE note = v; END $$;
