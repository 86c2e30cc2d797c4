-- Gates: writes of a gated role, what decides them, and the constraints that they meet.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
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
