-- Cursors WITH HOLD keep rows that another role, or the same before the gate, has read.
SET client_min_messages = error;
CREATE SCHEMA gh;
CREATE ROLE gh_app;
CREATE ROLE gh_tool;
GRANT USAGE ON SCHEMA gh TO gh_app, gh_tool;
CREATE TABLE gh.t (id int, email text);
INSERT INTO gh.t SELECT g, 'secret' || g FROM generate_series(1, 20) g;
CREATE TABLE gh.free (id int);
INSERT INTO gh.free VALUES (1);
SECURITY LABEL FOR gdpr ON COLUMN gh.t.email IS 'personal';
GRANT SELECT ON gh.t, gh.free TO gh_app, gh_tool;
CREATE FUNCTION gh.fetched(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FETCH c INTO r; RETURN r::text; END $$;
CREATE FUNCTION gh.moved(c refcursor) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN MOVE c; RETURN FOUND; END $$;
CREATE FUNCTION gh.looped(c refcursor) RETURNS SETOF text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; RETURN NEXT r::text; END LOOP; END $$;
CREATE FUNCTION gh.as_tool(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN SET LOCAL ROLE gh_tool; FETCH c INTO r; RETURN r::text; END $$;
CREATE FUNCTION gh.as_tool_by_setting(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN PERFORM set_config('role', 'gh_tool', true); FETCH c INTO r; RETURN r::text; END $$;
SELECT gdpr.gate('personal', 'export', 'hide'), gdpr.assign_channel('gh_tool', 'export');

SET ROLE gh_app;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT email FROM gh.t ORDER BY id;
DECLARE f CURSOR WITH HOLD FOR SELECT id FROM gh.free;
COMMIT;
SELECT gh.fetched('c');
-- Attack: another role reads what is left of it, by a function.
SET ROLE gh_tool;
SELECT gh.fetched('c');
SELECT gh.moved('c');
SELECT * FROM gh.looped('c');
DO $$ DECLARE c refcursor := 'c'; r record; BEGIN FETCH c INTO r; RAISE WARNING '%', r; END $$;
DO $$ DECLARE c refcursor := 'c'; r record; BEGIN EXECUTE 'FETCH c' INTO r; RAISE WARNING '%', r; END $$;
FETCH c;
FETCH BACKWARD c;
-- What holds nothing gated is read on.
SELECT gh.fetched('f');
-- Who filled it reads on, too.
SET ROLE gh_app;
SELECT gh.fetched('c');
FETCH c;
-- Attack: the role changes within the function that fetches.
SELECT gh.as_tool('c');
SELECT gh.as_tool_by_setting('c');
SELECT gh.fetched('c');
-- Attack: after an error, within a subtransaction.
BEGIN;
SAVEPOINT s;
SET LOCAL ROLE gh_tool;
SELECT gh.fetched('c');
ROLLBACK TO s;
SELECT gh.fetched('c');
COMMIT;
-- Attack: the same role, filled before the gate.
RESET ROLE;
SELECT gdpr.gate('personal', 'internal', 'hide');
SET ROLE gh_app;
SELECT gh.fetched('c');
RESET ROLE;
SELECT gdpr.gate('personal', 'internal', NULL);
SET ROLE gh_app;
SELECT gh.fetched('c');
-- One that the gated role filled has nothing to hide.
SET ROLE gh_tool;
DECLARE own CURSOR WITH HOLD FOR SELECT id, email FROM gh.t ORDER BY id;
SELECT gh.fetched('own');
FETCH own;
SET ROLE gh_app;
SELECT gh.fetched('own');
SET ROLE gh_tool;
-- Closed by whom it is closed to; a name may be used again.
CLOSE c;
CLOSE f;
SET ROLE gh_app;
DECLARE c CURSOR WITH HOLD FOR SELECT email FROM gh.t ORDER BY id;
SELECT gh.fetched('c');
CLOSE ALL;
SELECT count(*) FROM pg_cursors;
RESET ROLE;
DELETE FROM gdpr.gate_rule;
DELETE FROM gdpr.channel_role;
DROP SCHEMA gh CASCADE;
DROP ROLE gh_app, gh_tool;
