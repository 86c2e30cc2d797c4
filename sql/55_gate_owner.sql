-- Gates: what the owner of a table could have computed, though its channel does not see the values.
-- Each is tried without the gate, where it tells, and with it (hide, mask, deny), where it must not; on a plain column
-- and on an encrypted one.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
CREATE FUNCTION ga.same(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION ga.telling(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak($1); RETURN true; END $$;
SET ROLE ga_gated;
CREATE TABLE ga.g (id int, n int, k int, email text, sealed gdpr.encrypted_text);
INSERT INTO ga.g SELECT g, g, g % 2, 'secret' || g % 3, 'secret' || g % 3 FROM generate_series(1, 20) g;
CREATE TABLE ga.twice (email text, sealed gdpr.encrypted_text);
INSERT INTO ga.twice VALUES ('secret', 'secret'), ('secret', 'secret');
CREATE INDEX g_low_email ON ga.g ((lower(email)));
CREATE INDEX g_low_sealed ON ga.g ((gdpr.sealed(lower(sealed))));
CREATE STATISTICS ga.several_email (mcv) ON email, k FROM ga.g;
CREATE STATISTICS ga.several_sealed (mcv) ON sealed, k FROM ga.g;
CREATE FUNCTION ga.indexed(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION ga.triggered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE ga.with_function (n int, email text);
INSERT INTO ga.with_function VALUES (1, 'secret');
CREATE INDEX ON ga.with_function (ga.indexed(email));
CREATE TRIGGER its BEFORE UPDATE ON ga.with_function FOR EACH ROW EXECUTE FUNCTION ga.triggered();
SECURITY LABEL FOR gdpr ON COLUMN ga.with_function.email IS 'personal';
CREATE TABLE ga.parts (at int, email text, sealed gdpr.encrypted_text) PARTITION BY RANGE (at);
CREATE TABLE ga.parts_1 PARTITION OF ga.parts FOR VALUES FROM (0) TO (10);
INSERT INTO ga.parts VALUES (1, 'secret', 'secret');
SECURITY LABEL FOR gdpr ON COLUMN ga.parts.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.parts.sealed IS 'personal';
CREATE DOMAIN ga.d AS text;
CREATE TABLE ga.of_domain (id int, v ga.d);
INSERT INTO ga.of_domain VALUES (1, 'secret');
SECURITY LABEL FOR gdpr ON COLUMN ga.of_domain.v IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.g.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.g.sealed IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.twice.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.twice.sealed IS 'personal';
RESET ROLE;
GRANT ALL ON ga.other TO ga_gated;
SELECT format('GRANT CREATE ON DATABASE %I TO ga_gated', current_database()) \gexec
ANALYZE ga.g;
-- Attack: a trigger that sees NEW and OLD
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak(NEW::text); RETURN NEW; END $$$a$, $a$CREATE TRIGGER mine BEFORE UPDATE ON ga.g FOR EACH ROW EXECUTE FUNCTION ga.mine()$a$, $a$UPDATE ga.g SET n = 1$a$);
-- Attack: a trigger on another's table, by the privilege for it
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak(OLD::text); RETURN NEW; END $$$a$, $a$CREATE TRIGGER mine BEFORE UPDATE ON ga.t FOR EACH ROW EXECUTE FUNCTION ga.mine()$a$, $a$UPDATE ga.t SET n = 1$a$);
-- Attack: the condition of a trigger
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$$a$, $a$CREATE TRIGGER mine BEFORE UPDATE ON ga.g FOR EACH ROW WHEN (ga.leak(OLD.%c::text)) EXECUTE FUNCTION ga.mine()$a$, $a$UPDATE ga.g SET n = 1$a$);
-- Attack: a transition table
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak(x::text) FROM x; RETURN NULL; END $$$a$, $a$CREATE TRIGGER mine AFTER UPDATE ON ga.g REFERENCING OLD TABLE AS x FOR EACH STATEMENT EXECUTE FUNCTION ga.mine()$a$, $a$UPDATE ga.g SET n = 1$a$);
-- Attack: a rule that copies
SELECT * FROM ga.attack($a$CREATE RULE mine AS ON UPDATE TO ga.g DO ALSO INSERT INTO ga.other VALUES (1, OLD.%c)$a$, $a$UPDATE ga.g SET n = 1$a$, $a$SELECT note FROM ga.other$a$);
-- Of an encrypted column, an index, generated column or statistics that would keep plaintext are refused anyway.
-- Attack: a functional index
SELECT * FROM ga.attack($a$CREATE FUNCTION ga.tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak($1); RETURN ''; END $$$a$, $a$CREATE INDEX ON ga.g (ga.tell(%c::text))$a$);
-- Attack: the condition of an index
SELECT * FROM ga.attack($a$CREATE INDEX ON ga.g (id) WHERE ga.telling(%c::text)$a$);
-- Attack: a unique index, whose error quotes a key
SELECT * FROM ga.attack($a$CREATE UNIQUE INDEX ON ga.twice (%c)$a$);
-- Attack: ALTER TABLE … USING
SELECT * FROM ga.attack($a$ALTER TABLE ga.g ALTER n TYPE int USING (ga.leak(%c::text))::int$a$);
-- Attack: ALTER TABLE … TYPE, whose error quotes the value
SELECT * FROM ga.attack($a$ALTER TABLE ga.twice ALTER %c TYPE int USING %c::text::int$a$);
-- Attack: a check constraint, whose expression tells
SELECT * FROM ga.attack($a$ALTER TABLE ga.g ADD CHECK (ga.leak(%c::text))$a$);
-- Attack: a check constraint as a question
SELECT * FROM ga.attack($a$ALTER TABLE ga.g ADD CHECK (%c LIKE 'se%%')$a$, $a$SELECT 'hit'$a$);
-- Attack: a generated column
SELECT * FROM ga.attack($a$ALTER TABLE ga.g ADD x text GENERATED ALWAYS AS (ga.same(%c::text)) STORED$a$, $a$SELECT x FROM ga.g$a$);
-- Attack: a new column with a check
SELECT * FROM ga.attack($a$ALTER TABLE ga.g ADD x int CHECK (ga.leak(%c::text))$a$);
-- Attack: a foreign key to a table of one's own, whose error quotes the key
SELECT * FROM ga.attack($a$CREATE TABLE ga.mine (v text UNIQUE, w gdpr.encrypted_text UNIQUE)$a$, $a$ALTER TABLE ga.twice ADD FOREIGN KEY (email) REFERENCES ga.mine (v)$a$);
-- Attack: a policy that tells
SELECT * FROM ga.attack($a$ALTER TABLE ga.g FORCE ROW LEVEL SECURITY$a$, $a$ALTER TABLE ga.g ENABLE ROW LEVEL SECURITY$a$, $a$CREATE POLICY mine ON ga.g USING (ga.leak(%c::text))$a$, $a$SELECT id FROM ga.g$a$);
-- Attack: a partitioned table of one's own that takes the table in
SELECT * FROM ga.attack($a$CREATE TABLE ga.mine (id int, n int, k int, email text, sealed gdpr.encrypted_text) PARTITION BY LIST (ga.same(email))$a$, $a$ALTER TABLE ga.mine ATTACH PARTITION ga.g DEFAULT$a$, $a$SELECT %c FROM ga.mine$a$);
-- Attack: a parent of one's own
SELECT * FROM ga.attack($a$CREATE TABLE ga.mine (LIKE ga.g)$a$, $a$ALTER TABLE ga.g INHERIT ga.mine$a$, $a$SELECT %c FROM ga.mine$a$);
-- Attack: taking the label off
SELECT * FROM ga.attack($a$SECURITY LABEL FOR gdpr ON COLUMN ga.g.%c IS NULL$a$, $a$SELECT %c FROM ga.g$a$);
-- Attack: another name for the column
SELECT * FROM ga.attack($a$ALTER TABLE ga.g RENAME %c TO other_name$a$, $a$SELECT other_name FROM ga.g$a$);
-- Attack: another name and schema for the table
SELECT * FROM ga.attack($a$ALTER TABLE ga.g RENAME TO h$a$, $a$SELECT %c FROM ga.h$a$);
-- Attack: a check of a domain that the column is of
SELECT * FROM ga.attack($a$ALTER DOMAIN ga.d ADD CHECK (ga.leak(VALUE))$a$);
-- Attack: another body for the function of an index
SELECT * FROM ga.attack($a$CREATE OR REPLACE FUNCTION ga.indexed(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak($1); RETURN ''; END $$$a$, $a$REINDEX TABLE ga.with_function$a$);
-- Attack: another body for the function of a trigger
SELECT * FROM ga.attack($a$CREATE OR REPLACE FUNCTION ga.triggered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ga.leak(OLD::text); RETURN NEW; END $$$a$, $a$UPDATE ga.with_function SET n = 1$a$);
-- Attack: a partition of one's own, into which the rows move
SELECT * FROM ga.attack($a$CREATE TABLE ga.mine PARTITION OF ga.parts (CHECK (ga.leak(%c::text))) FOR VALUES FROM (10) TO (20)$a$, $a$UPDATE ga.parts SET at = 15$a$);
-- Attack: a partition that is partitioned by a function
SELECT * FROM ga.attack($a$CREATE TABLE ga.mine PARTITION OF ga.parts FOR VALUES FROM (10) TO (20) PARTITION BY LIST (ga.telling(%c::text))$a$, $a$UPDATE ga.parts SET at = 15$a$);
-- Attack: a statement worded as a foreign key's, within a cascade
SELECT * FROM ga.attack($a$CREATE TABLE ga.up (id int PRIMARY KEY)$a$, $a$CREATE TABLE ga.down (id int REFERENCES ga.up ON DELETE CASCADE)$a$, $a$INSERT INTO ga.up VALUES (1)$a$, $a$INSERT INTO ga.down VALUES (1)$a$,
    $a$CREATE FUNCTION ga.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM ONLY ga.g x WHERE %c = 'secret1' FOR KEY SHARE OF x; IF FOUND THEN RAISE 'hit'; END IF; RETURN OLD; END $$$a$,
    $a$CREATE TRIGGER mine BEFORE DELETE ON ga.down FOR EACH ROW EXECUTE FUNCTION ga.mine()$a$, $a$DELETE FROM ga.up$a$);
-- Attack: statistics on an expression
SELECT * FROM ga.attack($a$CREATE STATISTICS ga.s ON (ga.same(%c::text)), n FROM ga.g$a$, $a$ANALYZE ga.g$a$, $a$SELECT most_common_vals, histogram_bounds FROM pg_stats_ext_exprs WHERE statistics_name = 's'$a$);
-- Attack: statistics of an index on an expression
SELECT * FROM ga.attack($a$SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'g_low_%c'$a$);
-- Attack: statistics of several columns
SELECT * FROM ga.attack($a$SELECT most_common_vals::text FROM pg_stats_ext WHERE statistics_name = 'several_%c'$a$);
SET client_min_messages = error;
-- Attack: publishing the table
SELECT * FROM ga.attack($a$CREATE PUBLICATION ga_mine FOR TABLE ga.g$a$, $a$SELECT 'hit'$a$);
\set ECHO none
\i :down
