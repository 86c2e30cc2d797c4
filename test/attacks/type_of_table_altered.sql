-- Attack: the type altered that a table has its columns from, with a cast of one's own.
-- only: plain
-- gated: refused
CREATE TYPE told AS ENUM ('x');
CREATE FUNCTION tells(text) RETURNS told LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN 'x'; END $$;
CREATE CAST (text AS told) WITH FUNCTION tells(text) AS ASSIGNMENT;
ALTER TYPE typed_row ALTER ATTRIBUTE email TYPE told CASCADE;
