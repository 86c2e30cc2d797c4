-- Gates: views, functions, partitions and what else stands between a role and a table.
-- Each is tried without the gate, where it tells, and with it (hide, mask, deny), where it must not; on a plain column
-- and on an encrypted one.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
SET ROLE ga_owner;
CREATE VIEW ga.v AS SELECT * FROM ga.t;
CREATE VIEW ga.vv AS SELECT * FROM ga.v WHERE id > 0;
CREATE VIEW ga.v_barrier WITH (security_barrier) AS SELECT * FROM ga.t WHERE id > 0;
CREATE VIEW ga.v_invoker WITH (security_invoker) AS SELECT * FROM ga.t;
CREATE VIEW ga.v_named AS SELECT id, email AS e_email, sealed AS e_sealed FROM ga.t;
CREATE MATERIALIZED VIEW ga.m AS SELECT e_email, e_sealed FROM (SELECT * FROM ga.v_named UNION ALL SELECT * FROM ga.v_named) x;
CREATE VIEW ga.v_of_m AS SELECT * FROM ga.m;
CREATE FUNCTION ga.rows_email() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT email FROM ga.t';
CREATE FUNCTION ga.rows_sealed() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT sealed::text FROM ga.t';
CREATE FUNCTION ga.one_email() RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM ga.t WHERE id = 1';
CREATE FUNCTION ga.one_sealed() RETURNS text LANGUAGE sql STABLE AS 'SELECT sealed::text FROM ga.t WHERE id = 1';
CREATE FUNCTION ga.atomic_email() RETURNS SETOF text LANGUAGE sql STABLE BEGIN ATOMIC SELECT email FROM ga.t; END;
CREATE FUNCTION ga.atomic_sealed() RETURNS SETOF text LANGUAGE sql STABLE BEGIN ATOMIC SELECT sealed::text FROM ga.t; END;
CREATE FUNCTION ga.definer_email() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM ga.t WHERE id = 1';
CREATE FUNCTION ga.definer_sealed() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT sealed::text FROM ga.t WHERE id = 1';
CREATE TABLE ga.p (id int, at int, email text, sealed gdpr.encrypted_text) PARTITION BY RANGE (at);
CREATE TABLE ga.p_1 PARTITION OF ga.p FOR VALUES FROM (0) TO (10);
CREATE TABLE ga.p_2 (sealed gdpr.encrypted_text, gone int, email text, at int, id int);
ALTER TABLE ga.p_2 DROP COLUMN gone;
ALTER TABLE ga.p ATTACH PARTITION ga.p_2 FOR VALUES FROM (10) TO (20);
INSERT INTO ga.p VALUES (1, 1, 'secret', 'secret'), (2, 11, 'secret', 'secret');
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.sealed IS 'personal';
CREATE TABLE ga.above (email text, sealed gdpr.encrypted_text);
CREATE TABLE ga.middle (LIKE ga.above) INHERITS (ga.above);
CREATE TABLE ga.below () INHERITS (ga.middle);
INSERT INTO ga.below VALUES ('secret', 'secret');
SECURITY LABEL FOR gdpr ON COLUMN ga.middle.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.middle.sealed IS 'personal';
CREATE TABLE ga.made (email text, low text GENERATED ALWAYS AS (lower(email)) STORED);
INSERT INTO ga.made VALUES ('Secret');
SECURITY LABEL FOR gdpr ON COLUMN ga.made.email IS 'personal';
CREATE TABLE ga.secured_email (email text);
CREATE TABLE ga.secured_sealed (sealed gdpr.encrypted_text);
INSERT INTO ga.secured_email VALUES ('secret1@example.it');
INSERT INTO ga.secured_sealed VALUES ('secret1@example.it');
SECURITY LABEL FOR gdpr ON COLUMN ga.secured_email.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.secured_sealed.sealed IS 'personal';
ALTER TABLE ga.secured_email ENABLE ROW LEVEL SECURITY;
ALTER TABLE ga.secured_sealed ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ga.secured_email USING (email = current_setting('ga.who'));
CREATE POLICY own ON ga.secured_sealed USING (sealed = current_setting('ga.who'));
GRANT SELECT ON ALL TABLES IN SCHEMA ga TO ga_gated, ga_free;
RESET ROLE;
CREATE FUNCTION ga.super_email() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM ga.t WHERE id = 1';
CREATE FUNCTION ga.super_sealed() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT sealed::text FROM ga.t WHERE id = 1';
SET ROLE ga_gated;
CREATE FUNCTION ga.gated_definer_email() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM ga.t WHERE id = 1';
CREATE FUNCTION ga.gated_definer_sealed() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT sealed::text FROM ga.t WHERE id = 1';
RESET ROLE;
-- Attack: a view of the owner
SELECT * FROM ga.attack($a$SELECT %c FROM ga.v$a$);
-- Attack: a nested view
SELECT * FROM ga.attack($a$SELECT %c FROM ga.vv$a$);
-- Attack: a view with security_barrier
SELECT * FROM ga.attack($a$SELECT %c FROM ga.v_barrier WHERE ga.leak(%c::text)$a$);
-- Attack: a view with security_invoker
SELECT * FROM ga.attack($a$SELECT %c FROM ga.v_invoker$a$);
-- Attack: a view of one's own
SELECT * FROM ga.attack($a$CREATE VIEW ga.mine AS SELECT * FROM ga.t$a$, $a$SELECT %c FROM ga.mine$a$);
-- Attack: the whole row of a view
SELECT * FROM ga.attack($a$SELECT v FROM ga.v$a$);
-- Attack: a column of another name in a view
SELECT * FROM ga.attack($a$SELECT e_%c FROM ga.v_named$a$);
-- Attack: a materialised view that others have filled
SELECT * FROM ga.attack($a$SELECT e_%c FROM ga.m$a$);
-- Attack: a view of a materialised view
SELECT * FROM ga.attack($a$SELECT e_%c FROM ga.v_of_m$a$);
-- Attack: a materialised view of one's own
SELECT * FROM ga.attack($a$CREATE MATERIALIZED VIEW ga.mine AS SELECT * FROM ga.t$a$, $a$SELECT %c FROM ga.mine$a$);
-- Attack: a materialised view of one's own, filled later
SELECT * FROM ga.attack($a$CREATE MATERIALIZED VIEW ga.mine AS SELECT t::text AS r FROM ga.t WITH NO DATA$a$, $a$REFRESH MATERIALIZED VIEW ga.mine$a$, $a$SELECT r FROM ga.mine$a$);
-- Attack: a function in SQL that would be inlined
SELECT * FROM ga.attack($a$SELECT * FROM ga.rows_%c()$a$);
-- Attack: a scalar function in SQL
SELECT * FROM ga.attack($a$SELECT ga.one_%c()$a$);
-- Attack: a function in SQL with a new-style body
SELECT * FROM ga.attack($a$SELECT * FROM ga.atomic_%c()$a$);
-- Attack: a function in PL/pgSQL
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.mine() RETURNS SETOF ga.t LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT * FROM ga.t; END'$a$, $a$SELECT %c FROM ga.mine()$a$);
-- Attack: a function with SECURITY DEFINER of the owner
SELECT * FROM ga.attack($a$SELECT ga.definer_%c()$a$);
-- Attack: a function with SECURITY DEFINER of a superuser
SELECT * FROM ga.attack($a$SELECT ga.super_%c()$a$);
-- Attack: a function with SECURITY DEFINER owned by the gated role, called by another
SELECT * FROM ga.attack($a$as ga_free$a$, $a$SELECT ga.gated_definer_%c()$a$);
-- Attack: DO
SELECT * FROM ga.attack($a$DO $$ BEGIN PERFORM ga.leak(%c::text) FROM ga.t; END $$$a$);
-- Attack: dynamic SQL in DO
SELECT * FROM ga.attack($a$DO $$ DECLARE v text; BEGIN EXECUTE 'SELECT %c FROM ga.t WHERE id = 1' INTO v; PERFORM ga.leak(v); END $$$a$);
-- Attack: an assignment in PL/pgSQL
SELECT * FROM ga.attack($a$DO $$ DECLARE v text := (SELECT %c FROM ga.t WHERE id = 1); BEGIN PERFORM ga.leak(v); END $$$a$);
-- Attack: a cursor in PL/pgSQL
SELECT * FROM ga.attack($a$DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM ga.t LOOP PERFORM ga.leak(r::text); END LOOP; END $$$a$);
-- Attack: a partition by itself
SELECT * FROM ga.attack($a$SELECT %c FROM ga.p_1$a$);
-- Attack: a partition with columns in another order
SELECT * FROM ga.attack($a$SELECT x FROM ga.p_2 x$a$);
-- Attack: the parent of a labelled heir
SELECT * FROM ga.attack($a$SELECT %c FROM ga.above$a$);
-- Attack: an heir of the labelled table
SELECT * FROM ga.attack($a$SELECT %c FROM ONLY ga.below$a$);
-- Attack: a generated column
SELECT * FROM ga.attack($a$SELECT low FROM ga.made$a$);
-- Attack: row security of the owner, which compares with a setting
SELECT * FROM ga.attack($a$SET LOCAL ga.who = 'secret1@example.it'$a$, $a$SELECT 'hit' FROM ga.secured_%c$a$);
\set ECHO none
\i :down
