-- apply() on tables of every shape: what hangs on a column that changes comes back as it was, or the change is refused
-- with a reason before anything is done.
CREATE SCHEMA sh;
CREATE ROLE sh_owner;
CREATE ROLE sh_app;
GRANT ALL ON SCHEMA sh TO sh_owner;
GRANT USAGE ON SCHEMA sh TO sh_app;
SET search_path = sh, public;
-- Everything about a table that psql would show, apart from the type of its columns.
CREATE VIEW shape AS
    SELECT c.oid::regclass::text AS relation, 'column ' || a.attname AS what, concat_ws(' ', a.attnotnull, a.attidentity, a.attstattarget, a.attacl,
           pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)) AS value
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'sh'::regnamespace AND c.relkind IN ('r', 'p', 'v')
    UNION ALL SELECT conrelid::regclass::text, 'constraint ' || conname, concat_ws(' ', pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')) FROM pg_constraint WHERE connamespace = 'sh'::regnamespace AND conparentid = 0
    UNION ALL SELECT i.indrelid::regclass::text, 'index ' || c.relname, concat_ws(' ', pg_get_indexdef(c.oid), indisclustered, indisreplident, obj_description(c.oid, 'pg_class')) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'sh'::regnamespace
    UNION ALL SELECT tgrelid::regclass::text, 'trigger ' || tgname, concat_ws(' ', pg_get_triggerdef(oid), tgenabled, obj_description(oid, 'pg_trigger')) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'sh.%' AND NOT tgisinternal
    UNION ALL SELECT ev_class::regclass::text, 'rule ' || rulename, concat_ws(' ', pg_get_ruledef(oid), ev_enabled, obj_description(oid, 'pg_rewrite')) FROM pg_rewrite WHERE ev_class::regclass::text LIKE 'sh.%' AND rulename <> '_RETURN'
    UNION ALL SELECT polrelid::regclass::text, 'policy ' || polname, concat_ws(' ', polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(oid, 'pg_policy')) FROM pg_policy WHERE polrelid::regclass::text LIKE 'sh.%'
    UNION ALL SELECT stxrelid::regclass::text, 'statistics ' || stxname, concat_ws(' ', stxkind, obj_description(oid, 'pg_statistic_ext')) FROM pg_statistic_ext WHERE stxnamespace = 'sh'::regnamespace;
-- Compared without the search path, so that every name is qualified.
CREATE FUNCTION shapes() RETURNS TABLE (relation text, what text, value text) LANGUAGE sql SET search_path = pg_catalog AS 'SELECT * FROM sh.shape';

-- A table with all that may hang on a column.
SET ROLE sh_owner;
CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% of %', TG_NAME, TG_TABLE_NAME; RETURN NEW; END $$;
CREATE TABLE place (name text PRIMARY KEY);
CREATE TABLE person (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL DEFAULT 'nobody' CHECK (name <> ''),
    email text CONSTRAINT good_mail CHECK (email LIKE '%@%' AND length(email) > 3),
    born date DEFAULT '2000-01-01' CHECK (born > '1900-01-01'),
    pay numeric(8,2) DEFAULT 10 * 5,
    extra jsonb DEFAULT '{}',
    home text REFERENCES place ON UPDATE CASCADE,
    CONSTRAINT person_age CHECK (born < date '2026-01-01' OR pay = 0),
    EXCLUDE (email WITH =)
);
INSERT INTO place VALUES ('Roma');
INSERT INTO person (name, email, home) SELECT 'n' || g, 'm' || g || '@x', 'Roma' FROM generate_series(1, 5) g;
CREATE UNIQUE INDEX person_name ON person (name);
CREATE INDEX person_hash ON person USING hash (name);
CREATE INDEX person_part ON person (born DESC NULLS LAST, id) INCLUDE (email) WHERE id > 0 AND name IS NOT NULL;
COMMENT ON INDEX person_name IS 'one of a name';
COMMENT ON CONSTRAINT good_mail ON person IS 'has an at';
ALTER TABLE person REPLICA IDENTITY USING INDEX person_name, CLUSTER ON person_name, ALTER name SET STATISTICS 500;
COMMENT ON COLUMN person.name IS 'as in the passport';
GRANT SELECT (id, name), UPDATE (name) ON person TO sh_app;
CREATE STATISTICS person_stats (ndistinct, dependencies) ON name, born FROM person;
COMMENT ON STATISTICS person_stats IS 'together';
CREATE TRIGGER of_name BEFORE UPDATE OF name, pay ON person FOR EACH ROW EXECUTE FUNCTION noticed();
CREATE TRIGGER when_mail AFTER UPDATE ON person FOR EACH ROW WHEN (old.email IS DISTINCT FROM new.email AND new.name <> 'x') EXECUTE FUNCTION noticed();
CREATE TRIGGER plain AFTER INSERT ON person FOR EACH ROW EXECUTE FUNCTION noticed();
COMMENT ON TRIGGER of_name ON person IS 'tells';
ALTER TABLE person DISABLE TRIGGER of_name, ENABLE ALWAYS TRIGGER when_mail;
CREATE RULE no_ghosts AS ON INSERT TO person WHERE new.name = 'ghost' DO INSTEAD NOTHING;
COMMENT ON RULE no_ghosts ON person IS 'boo';
CREATE POLICY visible ON person FOR SELECT TO sh_app, sh_owner USING (name <> 'n2' AND born < '2010-01-01');
CREATE POLICY written ON person AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK (name <> 'root');
COMMENT ON POLICY visible ON person IS 'not everyone';
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
CREATE VIEW people WITH (security_invoker = true) AS SELECT p, name, upper(email) AS email FROM person p WHERE born IS NOT NULL;
GRANT SELECT ON people TO sh_app;
CREATE TABLE other (id int);
CREATE POLICY via ON other USING (EXISTS (SELECT FROM person p WHERE p.name = CURRENT_USER));
CREATE RULE log AS ON DELETE TO other DO ALSO UPDATE person SET name = name || '!' WHERE false;
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.born IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.pay IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.extra IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.home IS 'personal, encrypted';
RESET ROLE;
CREATE TABLE shape_before AS SELECT * FROM shapes();
SELECT count(*) > 40 AS enough FROM shape_before;
SELECT action, left(statement, 60) AS statement FROM gdpr.plan() WHERE relation = 'person'::regclass;
CALL gdpr.apply('person');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'person'::regclass AND attnum > 0 ORDER BY attnum;
-- What differs is how PostgreSQL writes the casts.
SELECT * FROM (SELECT * FROM shapes() EXCEPT SELECT * FROM shape_before) d WHERE relation NOT LIKE '%shape%' ORDER BY 1, 2;
SET ROLE sh_app;
SELECT id, name FROM person ORDER BY id;
UPDATE person SET name = 'root' WHERE id = 1;
RESET ROLE;
INSERT INTO person (name) VALUES ('ghost');
INSERT INTO person DEFAULT VALUES;
INSERT INTO person (name, home) VALUES ('lost', 'Atlantis');
INSERT INTO person (email) VALUES ('m1@x');
UPDATE person SET email = 'new@x' WHERE id = 1;
UPDATE place SET name = 'Roma Capitale';
SELECT name, home FROM person WHERE id = 1;
-- And back.
SECURITY LABEL FOR gdpr ON COLUMN person.name IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN person.email IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN person.born IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN person.pay IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN person.extra IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN person.home IS NULL;
CALL gdpr.apply('person');
SELECT * FROM (SELECT * FROM shapes() EXCEPT SELECT * FROM shape_before) d WHERE relation NOT LIKE '%shape%' ORDER BY 1, 2;
SELECT * FROM (SELECT * FROM shape_before EXCEPT SELECT * FROM shapes()) d WHERE relation NOT LIKE '%shape%' ORDER BY 1, 2;

-- Foreign keys: whichever end comes first, both change together; one end alone cannot.
SET ROLE sh_owner;
CREATE TABLE a_parent (email varchar(40) PRIMARY KEY, boss varchar(40) REFERENCES a_parent);
CREATE TABLE child (id int, email varchar(40) REFERENCES a_parent ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
INSERT INTO a_parent VALUES ('a@b', NULL), ('c@d', 'a@b');
INSERT INTO child VALUES (1, 'a@b');
SECURITY LABEL FOR gdpr ON COLUMN a_parent.email IS 'personal, encrypted';
RESET ROLE;
CALL gdpr.apply('a_parent');
SECURITY LABEL FOR gdpr ON COLUMN a_parent.boss IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN child.email IS 'personal, encrypted';
SELECT * FROM gdpr.plan();
CALL gdpr.apply('a_parent');
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute WHERE attrelid IN ('a_parent'::regclass, 'child'::regclass) AND attnum > 0 ORDER BY 1, 2;
SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE conrelid IN ('a_parent'::regclass, 'child'::regclass) AND contype = 'f' ORDER BY 1;
INSERT INTO child VALUES (2, 'nobody');
UPDATE a_parent SET boss = 'nobody';
UPDATE a_parent SET email = 'e@f' WHERE email = 'a@b';
UPDATE a_parent SET boss = NULL;
UPDATE a_parent SET email = 'e@f' WHERE email = 'a@b';
SELECT * FROM child;
DELETE FROM a_parent WHERE email = 'e@f';
SELECT * FROM child;
SECURITY LABEL FOR gdpr ON COLUMN child.email IS NULL;
CALL gdpr.apply();
SECURITY LABEL FOR gdpr ON COLUMN a_parent.email IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN a_parent.boss IS NULL;
CALL gdpr.apply('child');
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute WHERE attrelid IN ('a_parent'::regclass, 'child'::regclass) AND attnum > 0 ORDER BY 1, 2;
CREATE TABLE ring_1 (key text PRIMARY KEY);
CREATE TABLE ring_2 (key text PRIMARY KEY REFERENCES ring_1);
ALTER TABLE ring_1 ADD FOREIGN KEY (key) REFERENCES ring_2;
SECURITY LABEL FOR gdpr ON COLUMN ring_1.key IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ring_2.key IS 'personal, encrypted';
CALL gdpr.apply();
DROP TABLE ring_1, ring_2 CASCADE;

-- Partitions and inheritance: the parent's labels hold for all, and the children's own triggers come back.
SET ROLE sh_owner;
CREATE TABLE part (id int, name text, day date) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2000-01-01') TO ('2001-01-01');
CREATE TABLE part_2 (day date, gone int, name text, id int);
ALTER TABLE part_2 DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM ('2001-01-01') TO ('2002-01-01');
CREATE INDEX ON part (name);
CREATE TRIGGER everywhere AFTER UPDATE OF name ON part FOR EACH ROW EXECUTE FUNCTION noticed();
CREATE TRIGGER only_here AFTER UPDATE OF name ON part_2 FOR EACH ROW EXECUTE FUNCTION noticed();
INSERT INTO part VALUES (1, 'x', '2000-05-05'), (2, 'y', '2001-05-05');
CREATE TABLE base (id int, name text);
CREATE TABLE derived (more text) INHERITS (base);
INSERT INTO derived VALUES (1, 'x', 'y');
SECURITY LABEL FOR gdpr ON COLUMN part.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN base.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN derived.more IS 'personal, encrypted';
RESET ROLE;
CALL gdpr.apply();
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation::regclass::text ~ '^(part|base|derived)';
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute WHERE attrelid IN ('part_1'::regclass, 'part_2'::regclass, 'derived'::regclass)
   AND attnum > 0 AND NOT attisdropped ORDER BY 1, attnum;
UPDATE part SET name = name || '!' RETURNING name;
SELECT * FROM base;
-- A label of a child's own on a column that it inherits.
SECURITY LABEL FOR gdpr ON COLUMN part_1.day IS 'personal, encrypted';
CALL gdpr.apply('part_1');
SECURITY LABEL FOR gdpr ON COLUMN part_1.day IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN part.day IS 'personal, encrypted';
CALL gdpr.apply('part');
SECURITY LABEL FOR gdpr ON COLUMN part.day IS NULL;

-- A child's policies and those of its parent hang on the same column: each goes once.
CREATE TABLE ancestor (id int PRIMARY KEY, name text);
CREATE TABLE heir (more text) INHERITS (ancestor);
SECURITY LABEL FOR gdpr ON TABLE ancestor IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN ancestor.id IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ancestor.name IS 'personal, encrypted';
INSERT INTO heir VALUES (1, 'x', 'y');
CALL gdpr.apply();
SELECT polrelid::regclass, polname FROM pg_policy WHERE polrelid IN ('ancestor'::regclass, 'heir'::regclass) ORDER BY 1, 2;
SECURITY LABEL FOR gdpr ON COLUMN ancestor.id IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN ancestor.name IS NULL;
CALL gdpr.apply();
SECURITY LABEL FOR gdpr ON COLUMN ancestor.id IS 'personal, encrypted';
CALL gdpr.apply();
SECURITY LABEL FOR gdpr ON COLUMN ancestor.id IS NULL;
SECURITY LABEL FOR gdpr ON TABLE ancestor IS NULL;
CALL gdpr.apply();
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute WHERE attrelid IN ('ancestor'::regclass, 'heir'::regclass) AND attnum > 0 ORDER BY 1, attnum;
SELECT polrelid::regclass, polname FROM pg_policy WHERE polrelid IN ('ancestor'::regclass, 'heir'::regclass) ORDER BY 1, 2;
DROP TABLE ancestor CASCADE;

-- Refused, each with its reason, and nothing done.
CREATE TABLE fixed (id int, name text, other text, doc jsonb);
INSERT INTO fixed VALUES (1, 'a', 'b', '{}');
SECURITY LABEL FOR gdpr ON COLUMN fixed.name IS 'personal, encrypted';
-- Attack: plaintext hides in what is computed from an encrypted column.
CREATE INDEX fixed_lower ON fixed (name, lower(name));
CALL gdpr.apply('fixed');
DROP INDEX fixed_lower;
CREATE STATISTICS fixed_stats ON lower(name) FROM fixed;
CALL gdpr.apply('fixed');
DROP STATISTICS fixed_stats;
CREATE INDEX fixed_part ON fixed (id) WHERE name = 'a' AND id > 0;
CALL gdpr.apply('fixed');
DROP INDEX fixed_part;
ALTER TABLE fixed ADD COLUMN loud text GENERATED ALWAYS AS (upper(name)) STORED;
CALL gdpr.apply('fixed');
ALTER TABLE fixed DROP COLUMN loud;
CREATE INDEX fixed_sealed ON fixed (gdpr.sealed(upper(name)), id);
SECURITY LABEL FOR gdpr ON COLUMN fixed.doc IS 'personal, encrypted';
CREATE INDEX fixed_gin ON fixed USING gin (doc);
CALL gdpr.apply('fixed');
DROP INDEX fixed_gin;
-- Exclusion constraints over a varchar name the operators of text, which its encrypted type does not have; there and back.
CREATE TABLE excluding (code varchar(9), no int, CONSTRAINT "one Code" EXCLUDE (code WITH =) WITH (fillfactor=80) DEFERRABLE INITIALLY DEFERRED,
    EXCLUDE USING hash (code WITH =) WHERE (no > 0));
COMMENT ON CONSTRAINT "one Code" ON excluding IS 'one of a code';
ALTER TABLE excluding CLUSTER ON "one Code";
INSERT INTO excluding VALUES ('a', 1), ('b', 2);
SECURITY LABEL FOR gdpr ON COLUMN excluding.code IS 'personal, encrypted';
SELECT action, statement FROM gdpr.plan() WHERE action LIKE '%exclusion%';
CALL gdpr.apply('excluding');
INSERT INTO excluding VALUES ('a', 0);
INSERT INTO excluding VALUES ('b', 3);
SECURITY LABEL FOR gdpr ON COLUMN excluding.code IS 'personal';
CALL gdpr.apply('excluding');
INSERT INTO excluding VALUES ('a', 0);
INSERT INTO excluding VALUES ('b', 3);
SELECT conname, pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint'), indisclustered FROM pg_constraint c JOIN pg_index i ON indexrelid = conindid
 WHERE conrelid = 'excluding'::regclass ORDER BY 1;
DROP TABLE excluding;
CREATE VIEW fixed_view AS SELECT name FROM fixed;
CREATE FUNCTION of_view(fixed_view) RETURNS text LANGUAGE sql AS 'SELECT $1.name';
CALL gdpr.apply('fixed');
DROP VIEW fixed_view CASCADE;
CREATE TABLE rows_of (f fixed);
CALL gdpr.apply('fixed');
DROP TABLE rows_of;
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'fixed'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
-- Nothing is left in the way.
CALL gdpr.apply('fixed');
SELECT indexdef FROM pg_indexes WHERE schemaname = 'sh' AND tablename = 'fixed';
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM fixed WHERE gdpr.sealed(upper(name)) = 'A';
RESET enable_bitmapscan;
SELECT id FROM fixed WHERE gdpr.sealed(upper(name)) = 'A';
RESET enable_seqscan;
ALTER TABLE fixed ADD COLUMN loud gdpr.encrypted_text GENERATED ALWAYS AS (gdpr.sealed(upper(name))) STORED;
SELECT loud FROM fixed;
SECURITY LABEL FOR gdpr ON COLUMN fixed.loud IS 'personal, encrypted';
SELECT count(*) AS left_to_do FROM gdpr.plan();
-- Attack: later, by the table's owner, in every way in which plaintext could come to be stored.
ALTER TABLE fixed OWNER TO sh_owner;
SET ROLE sh_owner;
CREATE INDEX fixed_lower ON fixed (lower(name));
CREATE INDEX CONCURRENTLY fixed_lower ON fixed (lower(name));
CREATE INDEX fixed_hidden ON fixed (id, (name IS NULL), (doc ->> 'a'));
CREATE INDEX fixed_cast ON fixed ((name::text));
CREATE INDEX fixed_part ON fixed (id) WHERE name = 'a';
CREATE INDEX fixed_part ON fixed (id) WHERE lower(name) LIKE 'a%' AND id > 0;
CREATE FUNCTION row_text(fixed) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1.name::text';
CREATE INDEX fixed_row ON fixed (row_text(fixed));
CREATE INDEX fixed_part ON fixed (id) WHERE row_text(fixed) = 'a';
CREATE STATISTICS fixed_stats ON lower(name), id FROM fixed;
ALTER TABLE fixed ADD COLUMN leak text GENERATED ALWAYS AS (upper(name)) STORED;
ALTER TABLE fixed ADD EXCLUDE USING hash (upper(name) WITH =);
CREATE TABLE made (name gdpr.encrypted_text, loud text GENERATED ALWAYS AS (name || '!') STORED);
-- What keeps no plaintext may be made.
CREATE INDEX fixed_null ON fixed (id, (name IS NULL)) WHERE name IS NOT NULL AND other <> 'x';
CREATE INDEX fixed_lower ON fixed (gdpr.sealed(lower(name)));
CREATE STATISTICS fixed_stats ON gdpr.sealed(lower(name)), id FROM fixed;
RESET ROLE;
SELECT * FROM gdpr.plan();

SET client_min_messages = warning;
DROP SCHEMA sh CASCADE;
DROP ROLE sh_owner, sh_app;
