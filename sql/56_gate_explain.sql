-- EXPLAIN tells which columns were gated, and by which rule, whatever it explains and in whatever format.
SET client_min_messages = error;
\getenv srcdir PG_ABS_SRCDIR
\set explain :srcdir '/test/lib/explain.sql'
\set ECHO none
\i :explain
\set ECHO all
CREATE SCHEMA gx;
CREATE ROLE gx_tool;
GRANT USAGE ON SCHEMA gx TO gx_tool;
CREATE TABLE gx.t (id int PRIMARY KEY, email text, "Phone" text, note text);
INSERT INTO gx.t VALUES (1, 'secret@example.it', '+39 055 1234567', 'n');
SECURITY LABEL FOR gdpr ON COLUMN gx.t.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN gx.t."Phone" IS 'sensitive';
CREATE VIEW gx.v AS SELECT email AS mail, id FROM gx.t;
GRANT ALL ON gx.t, gx.v TO gx_tool;
SELECT gdpr.gate('personal', 'export', 'mask'), gdpr.gate('sensitive', 'export', 'hide'), gdpr.assign_channel('gx_tool', 'export');
SET ROLE gx_tool;
PREPARE one AS SELECT email, "Phone", note FROM gx.t WHERE id = $1;
PREPARE nothing AS SELECT note FROM gx.t WHERE id = $1;
PREPARE change(int) AS UPDATE gx.t SET note = 'x' WHERE id = $1 RETURNING email;
EXPLAIN (COSTS OFF) SELECT mail FROM gx.v WHERE mail LIKE 's%';
EXPLAIN (COSTS OFF) DECLARE c CURSOR FOR SELECT email FROM gx.t;
EXPLAIN (COSTS OFF) CREATE TABLE copy AS SELECT id FROM gx.t WHERE email IS NULL;
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) CREATE TABLE copy AS SELECT email FROM gx.t;
EXPLAIN (COSTS OFF) SELECT id FROM gx.t;
EXPLAIN (COSTS OFF) EXECUTE one (1);
EXPLAIN (COSTS OFF) EXECUTE nothing (1);
EXPLAIN (COSTS OFF) EXECUTE change (1);
SELECT pg_temp.explain($$EXECUTE one (1)$$, 'COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF');
EXPLAIN (COSTS OFF) CREATE TABLE copy AS EXECUTE one (1);
-- Attack: what EXPLAIN ANALYZE makes is stored.
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) CREATE TEMP TABLE copy AS EXECUTE one (1);
-- The same from a generic plan, which was made earlier.
SET plan_cache_mode = force_generic_plan;
EXECUTE one (1);
EXPLAIN (COSTS OFF) EXECUTE one (1);
RESET plan_cache_mode;
SELECT pg_temp.explain($$SELECT email, "Phone" FROM gx.t WHERE id = 1$$, 'COSTS OFF, FORMAT json');
SELECT pg_temp.explain($$EXECUTE one (1)$$, 'COSTS OFF, FORMAT json');
SELECT pg_temp.explain($$SELECT email, "Phone" FROM gx.t WHERE id = 1$$, 'COSTS OFF, FORMAT yaml');
SELECT pg_temp.explain($$EXECUTE one (1)$$, 'COSTS OFF, FORMAT yaml');
SELECT pg_temp.explain($$SELECT email, "Phone" FROM gx.t WHERE id = 1$$, 'COSTS OFF, FORMAT xml');
SELECT pg_temp.explain($$EXECUTE one (1)$$, 'COSTS OFF, FORMAT xml');
SELECT pg_temp.explain($$EXECUTE nothing (1)$$, 'COSTS OFF, FORMAT json');
-- Well formed, as EXPLAIN's own.
CREATE FUNCTION pg_temp.explained(statement text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE out text; BEGIN EXECUTE statement INTO out; RETURN out; END $$;
SELECT pg_temp.explained('EXPLAIN (FORMAT json) EXECUTE one (1)')::jsonb -> -1;
SELECT xpath('//*[local-name() = ''Gated'']//text()', pg_temp.explained('EXPLAIN (FORMAT xml) EXECUTE one (1)')::xml);
DROP FUNCTION pg_temp.explained;
EXPLAIN EXECUTE missing (1);
-- Whom no rule concerns sees nothing of it.
RESET ROLE;
EXPLAIN (COSTS OFF) EXECUTE one (1);
DEALLOCATE ALL;
DELETE FROM gdpr.gate_rule;
DELETE FROM gdpr.channel_role;
DROP SCHEMA gx CASCADE;
DROP ROLE gx_tool;
