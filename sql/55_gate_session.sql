-- Gates: sessions whose role changes, rules that follow their columns or cannot be read.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
CREATE ROLE ga_group;
CREATE ROLE ga_late;
GRANT USAGE ON SCHEMA ga TO ga_group, ga_late;
GRANT SELECT ON ga.t TO ga_late;
GRANT SELECT, INSERT ON ga.other TO ga_gated;
DELETE FROM ga.t WHERE id > 2;
INSERT INTO gdpr.channel_role VALUES ('ga_gated', 'export'), ('ga_group', 'export');
INSERT INTO gdpr.gate_rule (class, channel, action) VALUES ('personal', 'export', 'hide');

-- One plan for each: who may see is not served what was made for who may not.
PREPARE ga_one AS SELECT email, sealed FROM ga.t WHERE id = $1;
SET plan_cache_mode = force_generic_plan;
CREATE FUNCTION ga.kept() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE v text; BEGIN SELECT email INTO v FROM ga.t WHERE id = 1; RETURN v; END $$;
EXECUTE ga_one(1);
SELECT ga.kept();
SET ROLE ga_gated;
EXECUTE ga_one(1);
SELECT ga.kept();
RESET ROLE;
EXECUTE ga_one(1);
SELECT ga.kept();
SET SESSION AUTHORIZATION ga_gated;
EXECUTE ga_one(1);
RESET SESSION AUTHORIZATION;
EXECUTE ga_one(1);
SELECT set_config('role', 'ga_gated', false);
EXECUTE ga_one(1);
RESET ROLE;
SELECT ga.kept();
RESET plan_cache_mode;
-- A membership that comes while a plan is kept, and goes.
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

SET ROLE ga_gated;
-- What is its own it writes, and the key of its row is said as before.
INSERT INTO ga.t (id, email, sealed) VALUES (7, 'mine', 'mine');
UPDATE ga.t SET email = 'other', sealed = 'other' WHERE id = 7;
INSERT INTO ga.other VALUES (7, 'seven');
RESET ROLE;
SELECT id, email, sealed FROM ga.t WHERE id = 7;

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
-- Attack: the column renamed by the type that its table has its columns from, and another given the name in the rule.
CREATE TYPE ga.typed_row AS (email text, note text);
CREATE TABLE ga.typed OF ga.typed_row;
INSERT INTO ga.typed VALUES ('secret', 'x');
ALTER TABLE ga.typed OWNER TO ga_gated;
ALTER TYPE ga.typed_row OWNER TO ga_gated;
INSERT INTO gdpr.gate_rule (relation, column_name, channel, action) VALUES ('ga.typed', 'email', 'export', 'hide');
SET ROLE ga_gated;
ALTER TYPE ga.typed_row RENAME ATTRIBUTE email TO hidden CASCADE;
ALTER TYPE ga.typed_row RENAME ATTRIBUTE note TO email CASCADE;
SELECT * FROM ga.typed;
RESET ROLE;
DROP TYPE ga.typed_row CASCADE;
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
DROP OWNED BY ga_group, ga_late;
DROP ROLE ga_group, ga_late;
