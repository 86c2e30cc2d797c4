-- Gates: writes, what they return, and their errors.
-- Each is tried without the gate, where it tells, and with it (hide, mask, deny), where it must not; on a plain column
-- and on an encrypted one.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
SET ROLE ga_owner;
ALTER TABLE ga.t ADD CONSTRAINT t_n CHECK (n >= 0);
CREATE TABLE ga.part (id int, at int, email text, sealed gdpr.encrypted_text) PARTITION BY RANGE (at);
CREATE TABLE ga.part_1 PARTITION OF ga.part FOR VALUES FROM (0) TO (10);
INSERT INTO ga.part VALUES (1, 1, 'secret', 'secret');
SECURITY LABEL FOR gdpr ON COLUMN ga.part.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.part.sealed IS 'personal';
CREATE VIEW ga.few AS SELECT * FROM ga.t WHERE n < 100 WITH CHECK OPTION;
CREATE TABLE ga.u (email text UNIQUE, sealed gdpr.encrypted_text UNIQUE);
INSERT INTO ga.u SELECT email, sealed FROM ga.t;
SECURITY LABEL FOR gdpr ON COLUMN ga.u.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.u.sealed IS 'personal';
CREATE TABLE ga.ruled (id int);
CREATE RULE copies AS ON INSERT TO ga.ruled DO ALSO INSERT INTO ga.other SELECT id, email || sealed FROM ga.t WHERE t.id = NEW.id;
GRANT ALL ON ga.part, ga.part_1, ga.few, ga.u, ga.ruled TO ga_gated;
RESET ROLE;
-- Attack: RETURNING of rows of others
SELECT * FROM ga.attack($a$UPDATE ga.t SET n = 9 RETURNING t.*$a$);
-- Attack: RETURNING of one's own row
SELECT * FROM ga.attack($a$INSERT INTO ga.t (id, email, sealed) VALUES (99, 'secret', 'secret') RETURNING %c$a$);
-- Attack: RETURNING of deleted rows
SELECT * FROM ga.attack($a$DELETE FROM ga.t RETURNING %c$a$);
-- Attack: ON CONFLICT DO UPDATE, returning what is there
SELECT * FROM ga.attack($a$INSERT INTO ga.t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 1 RETURNING %c$a$);
-- Attack: ON CONFLICT with a condition
SELECT * FROM ga.attack($a$INSERT INTO ga.t AS a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 1 WHERE a.%c = 'secret1@example.it' RETURNING 'hit'$a$);
-- Attack: ON CONFLICT, moving the value to a column that is shown
SELECT * FROM ga.attack($a$INSERT INTO ga.t AS a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant = length(a.%c::text) RETURNING CASE tenant WHEN 18 THEN 'hit' END$a$);
-- Attack: MERGE with a condition
SELECT * FROM ga.attack($a$MERGE INTO ga.t USING ga.other o ON t.%c = 'secret1@example.it' WHEN MATCHED THEN UPDATE SET tenant = -1$a$, $a$SELECT 'hit' FROM ga.t WHERE tenant = -1$a$);
-- Attack: MERGE, moving the value
SELECT * FROM ga.attack($a$MERGE INTO ga.other o USING ga.t ON o.id = t.id WHEN MATCHED THEN UPDATE SET note = t.%c$a$, $a$SELECT note FROM ga.other$a$);
-- Attack: UPDATE … FROM
SELECT * FROM ga.attack($a$UPDATE ga.other o SET note = t.%c FROM ga.t WHERE t.id = o.id RETURNING note$a$);
-- Attack: UPDATE with a row from a subquery
SELECT * FROM ga.attack($a$UPDATE ga.other o SET (id, note) = (SELECT id, %c FROM ga.t WHERE t.id = 1) RETURNING note$a$);
-- Attack: DELETE USING
SELECT * FROM ga.attack($a$DELETE FROM ga.other o USING ga.t WHERE t.id = o.id RETURNING t.%c$a$);
-- Attack: INSERT … SELECT
SELECT * FROM ga.attack($a$INSERT INTO ga.other SELECT id, %c FROM ga.t$a$, $a$SELECT note FROM ga.other$a$);
-- Attack: INSERT … SELECT through WITH and a join
SELECT * FROM ga.attack($a$INSERT INTO ga.other WITH x AS (SELECT * FROM ga.t) SELECT a.id, coalesce(b.%c, '') FROM x a LEFT JOIN x b USING (id)$a$, $a$SELECT note FROM ga.other$a$);
-- Attack: INSERT of the whole row as text
SELECT * FROM ga.attack($a$INSERT INTO ga.other SELECT id, t::text FROM ga.t$a$, $a$SELECT note FROM ga.other$a$);
-- Attack: WITH that writes, and returns
SELECT * FROM ga.attack($a$WITH x AS (INSERT INTO ga.other SELECT id, %c FROM ga.t RETURNING note) SELECT note FROM x$a$);
-- Attack: CREATE TABLE AS
SELECT * FROM ga.attack($a$CREATE TEMP TABLE copied AS SELECT %c FROM ga.t$a$, $a$SELECT * FROM copied$a$);
-- Attack: CREATE TABLE AS EXECUTE
SELECT * FROM ga.attack($a$DEALLOCATE ALL$a$, $a$PREPARE ga_p AS SELECT %c::text || '' AS v FROM ga.t$a$, $a$CREATE TEMP TABLE copied AS EXECUTE ga_p$a$, $a$SELECT v FROM copied$a$);
-- Attack: the key in the error of UNIQUE
SELECT * FROM ga.attack($a$INSERT INTO ga.t (id, tenant, email, sealed) SELECT 50, 2, 'secret1@example.it', 'secret1@example.it'$a$, $a$UPDATE ga.t SET tenant = 2 WHERE id = 1$a$);
-- Attack: the row in the error of CHECK
SELECT * FROM ga.attack($a$UPDATE ga.t SET n = -1 WHERE id = 1$a$);
-- Attack: the row in the error of NOT NULL
SELECT * FROM ga.attack($a$UPDATE ga.t SET id = NULL WHERE id = 1$a$);
-- Attack: the row in the error of a partition
SELECT * FROM ga.attack($a$UPDATE ga.part_1 SET at = 99$a$);
-- Attack: the row in the error of a view's check
SELECT * FROM ga.attack($a$UPDATE ga.few SET n = 500 WHERE id = 1$a$);
-- Attack: probing by a foreign key
SELECT * FROM ga.attack($a$CREATE TABLE ga.probe (v text, w gdpr.encrypted_text, FOREIGN KEY (v) REFERENCES ga.u (email), FOREIGN KEY (w) REFERENCES ga.u (sealed))$a$, $a$INSERT INTO ga.probe VALUES ('secret1@example.it', 'secret1@example.it') RETURNING 'hit'$a$);
-- Attack: conditions that a null would turn round
SELECT * FROM ga.attack($a$DELETE FROM ga.t WHERE %c IS NOT NULL RETURNING 'hit'$a$);
SELECT * FROM ga.attack($a$UPDATE ga.other SET note = 'x' WHERE id IN (SELECT id FROM ga.t WHERE %c LIKE 'se%%') RETURNING 'hit'$a$);
-- Attack: another's row through a rule of the owner
SELECT * FROM ga.attack($a$INSERT INTO ga.ruled VALUES (1)$a$, $a$SELECT note FROM ga.other$a$);
-- Where nulls stand for what is hidden, they must not decide what is deleted or changed.
INSERT INTO gdpr.channel_role VALUES ('ga_gated', 'export');
INSERT INTO gdpr.gate_rule (class, channel, action) VALUES ('personal', 'export', 'hide');
SET ROLE ga_gated;
DELETE FROM ga.t WHERE email IS NULL;
UPDATE ga.t SET n = 0 WHERE sealed IS NULL;
DELETE FROM ga.other USING ga.t WHERE t.id = other.id AND t.email IS NULL;
DELETE FROM ga.other WHERE id IN (SELECT id FROM ga.t WHERE email IS NULL);
WITH gone AS (SELECT id FROM ga.t WHERE email IS NULL) DELETE FROM ga.t USING gone WHERE t.id = gone.id;
MERGE INTO ga.t USING ga.other o ON t.id = o.id WHEN MATCHED AND t.email IS NULL THEN DELETE;
INSERT INTO ga.other SELECT id FROM ga.t WHERE email IS NULL;
UPDATE ga.t SET n = 0 WHERE id = 1 RETURNING id, email;
DELETE FROM ga.t WHERE id = 1 RETURNING id, sealed;
RESET ROLE;

-- Foreign keys over gated columns are kept, whoever changes what they lead to.
SET ROLE ga_owner;
CREATE TABLE ga.up (id int PRIMARY KEY, email text UNIQUE, sealed gdpr.encrypted_text UNIQUE);
CREATE TABLE ga.down (id int, email text REFERENCES ga.up (email) ON DELETE CASCADE ON UPDATE CASCADE, sealed gdpr.encrypted_text REFERENCES ga.up (sealed) ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO ga.up SELECT g, 'e' || g, 's' || g FROM generate_series(1, 5) g;
INSERT INTO ga.down VALUES (1, 'e1', NULL), (2, NULL, 's2'), (3, 'e3', 's3'), (4, 'e4', 's4');
CREATE TABLE ga.held (email text REFERENCES ga.up (email));
INSERT INTO ga.held VALUES ('e5');
SECURITY LABEL FOR gdpr ON COLUMN ga.up.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.up.sealed IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.down.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.down.sealed IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.held.email IS 'personal';
GRANT ALL ON ga.up, ga.down, ga.held TO ga_gated;
SET ROLE ga_gated;
DELETE FROM ga.up WHERE id IN (1, 2);
UPDATE ga.up SET email = 'new', sealed = 'new' WHERE id = 3;
UPDATE ga.down SET id = 40 WHERE id = 4;
DELETE FROM ga.up WHERE id = 5;
COPY ga.down FROM STDIN;
COPY ga.down (id) FROM STDIN;
60
\.
RESET ROLE;
SELECT * FROM ga.down ORDER BY id;
SELECT * FROM ga.up ORDER BY id;
\set ECHO none
\i :down
