-- Gates: sessions whose role changes, statements that were prepared and cursors that were opened before; COPY.
\set VERBOSITY terse
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
CREATE ROLE ga_group;
CREATE ROLE ga_heir NOINHERIT IN ROLE ga_group;
CREATE ROLE ga_late;
GRANT USAGE ON SCHEMA ga TO ga_group, ga_heir, ga_late;
GRANT SELECT ON ga.t TO ga_heir, ga_late;
GRANT SELECT, INSERT ON ga.other TO ga_gated;
DELETE FROM ga.t WHERE id > 2;

-- Without the gate all of it tells.
SET ROLE ga_gated;
SELECT email, sealed FROM ga.t WHERE id = 1;
COPY (SELECT email FROM ga.t) TO STDOUT;
COPY ga.t (id, email, sealed) TO STDOUT;
\copy ga.t to stdout
PREPARE ga_one AS SELECT email, sealed FROM ga.t WHERE id = $1;
EXECUTE ga_one(1);
RESET ROLE;

-- Attack: a cursor opened before the gate, and one WITH HOLD
SET ROLE ga_gated;
DECLARE ga_held CURSOR WITH HOLD FOR SELECT email, sealed FROM ga.t;
FETCH 1 FROM ga_held;
BEGIN;
DECLARE ga_open CURSOR FOR SELECT email FROM ga.t;
FETCH 1 FROM ga_open;
RESET ROLE;
INSERT INTO gdpr.channel_role VALUES ('ga_gated', 'export'), ('ga_group', 'export');
INSERT INTO gdpr.gate_rule (class, channel, action) VALUES ('personal', 'export', 'hide');
SET ROLE ga_gated;
SAVEPOINT fetched;
FETCH 1 FROM ga_open;
ROLLBACK TO fetched;
SELECT email, sealed FROM ga.t WHERE id = 1;
COMMIT;
FETCH ALL FROM ga_held;
CLOSE ga_held;

-- Attack: a statement prepared before the gate
EXECUTE ga_one(1);
DEALLOCATE ga_one;
RESET ROLE;

-- Attack: PREPARE, then SET ROLE; generic plans
PREPARE ga_one AS SELECT email, sealed FROM ga.t WHERE id = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE ga_one(1);
SET ROLE ga_gated;
EXECUTE ga_one(1);
RESET ROLE;
EXECUTE ga_one(1);
SET SESSION AUTHORIZATION ga_gated;
EXECUTE ga_one(1);
-- Attack: a role of SET ROLE that is free, in the session of one that is gated
RESET SESSION AUTHORIZATION;
GRANT ga_free TO ga_gated;
SET SESSION AUTHORIZATION ga_gated;
SET ROLE ga_free;
EXECUTE ga_one(1);
RESET SESSION AUTHORIZATION;
REVOKE ga_free FROM ga_gated;
RESET plan_cache_mode;

-- Attack: a cursor opened by another role
BEGIN;
DECLARE ga_open CURSOR FOR SELECT email FROM ga.t;
FETCH 1 FROM ga_open;
SET LOCAL ROLE ga_gated;
FETCH 1 FROM ga_open;
ROLLBACK;

-- Attack: a plan of a function, made for another role
CREATE FUNCTION ga.kept() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE v text; BEGIN SELECT email INTO v FROM ga.t WHERE id = 1; RETURN v; END $$;
SELECT ga.kept();
SET ROLE ga_gated;
SELECT ga.kept();
RESET ROLE;
SELECT ga.kept();
-- Attack: set_config in place of SET ROLE
SELECT set_config('role', 'ga_gated', false);
SELECT ga.kept();
EXECUTE ga_one(1);
RESET ROLE;
SELECT ga.kept();

-- Attack: a membership that does not inherit
SET ROLE ga_heir;
SELECT email, sealed FROM ga.t WHERE id = 1;
RESET ROLE;
-- Attack: a membership that comes while a plan is kept, and one that goes
SET ROLE ga_late;
PREPARE ga_late AS SELECT email FROM ga.t WHERE id = 1;
EXECUTE ga_late;
RESET ROLE;
GRANT ga_group TO ga_late;
SET ROLE ga_late;
EXECUTE ga_late;
RESET ROLE;
REVOKE ga_group FROM ga_late;
SET ROLE ga_late;
EXECUTE ga_late;
RESET ROLE;

-- Attack: COPY of the table, of some columns, of a query, into a file of the client, of a partition
SET ROLE ga_gated;
COPY ga.t TO STDOUT;
COPY ga.t (id, email, sealed) TO STDOUT (FORMAT csv, HEADER);
COPY (SELECT email, sealed FROM ga.t) TO STDOUT;
\copy ga.t to stdout
-- Attack: SELECT INTO
SELECT email INTO TEMP ga_copied FROM ga.t;
-- Attack: EXPLAIN ANALYZE that makes a table
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE ga.copied AS SELECT email FROM ga.t;
-- Attack: the row of the TOAST table, a large object, another's sequence
SELECT count(*) FROM pg_toast.pg_toast_1255;
SELECT lo_get(1);
SELECT currval('gdpr.gate_rule_id_seq');
-- Attack: changes of the log
SELECT * FROM pg_logical_slot_peek_changes('ga', NULL, NULL);
SELECT pg_create_logical_replication_slot('ga', 'test_decoding');
-- What is its own it writes, and the key of its row is said as before.
INSERT INTO ga.t (id, email, sealed) VALUES (7, 'mine', 'mine');
UPDATE ga.t SET email = 'other', sealed = 'other' WHERE id = 7;
INSERT INTO ga.other VALUES (7, 'seven');
RESET ROLE;
SELECT id, email, sealed FROM ga.t WHERE id = 7;

-- Constraints that wait: their error tells nothing either.
\set VERBOSITY default
ALTER TABLE ga.t ADD CONSTRAINT later UNIQUE (email, n) DEFERRABLE INITIALLY DEFERRED;
UPDATE ga.t SET n = id, tenant = id, email = 'secret';
SET ROLE ga_gated;
BEGIN;
UPDATE ga.t SET n = 1 WHERE id = 2;
COMMIT;
BEGIN;
UPDATE ga.t SET n = 1 WHERE id = 2;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
RESET ROLE;
BEGIN;
UPDATE ga.t SET n = 1 WHERE id = 2;
COMMIT;

-- Rules follow a renamed column, and go with a dropped one.
INSERT INTO gdpr.gate_rule (relation, column_name, channel, action) VALUES ('ga.t', 'tenant', 'export', 'hide');
SET ROLE ga_owner;
ALTER TABLE ga.t RENAME tenant TO renter;
RESET ROLE;
SELECT relation, column_name FROM gdpr.gate_rules WHERE relation IS NOT NULL;
SET ROLE ga_gated;
SELECT id, renter FROM ga.t WHERE id = 1;
SET ROLE ga_owner;
ALTER TABLE ga.t DROP renter;
RESET ROLE;
SELECT relation, column_name FROM gdpr.gate_rules WHERE relation IS NOT NULL;
INSERT INTO gdpr.gate_rule (relation, column_name, channel, action) VALUES ('ga.t', 'n', 'export', 'hide');
-- A rule whose column is lost closes the table, and nobody else's.
UPDATE gdpr.gate_rule SET column_name = 'lost' WHERE column_name = 'n';
SET ROLE ga_gated;
SELECT id, email FROM ga.t;
SELECT id FROM ga.other WHERE id = 7;
RESET ROLE;
-- Rules that cannot be read: nothing is read until they are mended.
ALTER TABLE gdpr.gate_rule DROP CONSTRAINT gate_rule_action_check;
UPDATE gdpr.gate_rule SET column_name = 'n', action = 'blur' WHERE column_name = 'lost';
SET ROLE ga_gated;
SELECT id FROM ga.t;
RESET ROLE;
DELETE FROM gdpr.gate_rule WHERE column_name = 'n';
ALTER TABLE gdpr.gate_rule ADD CHECK (action IN ('show', 'mask', 'hide', 'deny'));
-- A label that this version does not know.
SET allow_system_table_mods = on;
UPDATE pg_seclabel SET label = 'personal, quantum' WHERE objoid = 'ga.t'::regclass AND provider = 'gdpr' AND label = 'personal';
RESET allow_system_table_mods;
\c -
SET ROLE ga_gated;
SELECT email FROM ga.t;
RESET ROLE;
SET client_min_messages = warning;
\i :down
DROP OWNED BY ga_group, ga_heir, ga_late;
DROP ROLE ga_group, ga_heir, ga_late;
