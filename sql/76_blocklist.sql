-- A forgotten person who comes back is recognised, by whatever path, and nothing tells who it is.
CREATE SCHEMA bl;
CREATE ROLE bl_owner;
CREATE ROLE bl_officer;
CREATE ROLE bl_app;
CREATE ROLE bl_admin;
GRANT gdpr_officer TO bl_officer;
GRANT gdpr_admin TO bl_admin;
GRANT ALL ON SCHEMA bl TO bl_owner;
GRANT USAGE ON SCHEMA bl TO bl_app, bl_officer, bl_admin;
SET ROLE bl_owner;
CREATE TABLE bl.contact (id int PRIMARY KEY, email text UNIQUE, phone varchar(30), name text);
CREATE TABLE bl.lead (id int, "E-mail" text, note text) PARTITION BY LIST (id);
CREATE TABLE bl.lead_1 PARTITION OF bl.lead FOR VALUES IN (1);
CREATE TABLE bl.base (id int PRIMARY KEY, tax text);
CREATE TABLE bl.heir (more text) INHERITS (bl.base);
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA bl TO bl_app;
INSERT INTO bl.contact VALUES (1, 'Mario.Rossi@Example.IT', '0039 06/1234-567', 'Mario'), (2, 'other@example.it', NULL, 'Other');
INSERT INTO bl.base VALUES (1, E'RSSMRA80\u00c9');
SECURITY LABEL FOR gdpr ON TABLE bl.contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN bl.contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN bl.contact.phone IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON TABLE bl.lead IS 'owned(id -> contact)';
SECURITY LABEL FOR gdpr ON COLUMN bl.lead."E-mail" IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON TABLE bl.base IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN bl.base.tax IS 'personal, identifier, encrypted';
RESET ROLE;
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%blocklist%' AND relation::text LIKE 'bl.%';
CALL gdpr.apply();
SELECT count(*) FROM gdpr.plan() WHERE relation::text LIKE 'bl.%';
SELECT tgrelid::regclass, tgenabled, tgattr FROM pg_trigger WHERE tgname = 'gdpr_blocklist' ORDER BY tgrelid::regclass::text;

-- Nobody is forgotten yet: nothing is said.
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, 'mario.rossi@example.it', 'before');
RESET ROLE;
DELETE FROM bl.lead;
SET ROLE bl_officer;
SELECT * FROM gdpr.forget('bl.contact', '1', 'request') WHERE relation::text NOT LIKE 'gdpr.audit%';
SELECT * FROM gdpr.forget('bl.base', '1', 'request') WHERE relation::text NOT LIKE 'gdpr.audit%';
RESET ROLE;
SELECT kind, normaliser, length(hash), ground, until FROM gdpr.blocklist ORDER BY kind;

-- Every way in: INSERT, UPDATE, COPY, ON CONFLICT, MERGE, partitions, heirs; any spelling of the same.
SET ROLE bl_app;
INSERT INTO bl.contact VALUES (3, 'Mario.Rossi@example.it', NULL, 'Mario');
INSERT INTO bl.contact VALUES (4, ' <Mario.Rossi@EXAMPLE.it> ', '+39 061234567', 'both');
INSERT INTO bl.contact VALUES (5, 'mario.rossi@example.it', '', 'another local part'), (6, NULL, NULL, NULL);
UPDATE bl.contact SET phone = '+39061234567' WHERE id = 2;
UPDATE bl.contact SET phone = '+39061234567', name = 'unchanged' WHERE id = 2;
UPDATE bl.contact SET name = 'not watched' WHERE id = 3;
UPDATE bl.contact SET email = email WHERE id = 3;
COPY bl.lead FROM stdin;
1	Mario.Rossi@example.it	copied
1	other@example.it	copied
\.
INSERT INTO bl.contact VALUES (3, 'x@example.it', NULL, NULL) ON CONFLICT (id) DO UPDATE SET phone = '(0039) 06-1234567';
MERGE INTO bl.contact c USING (VALUES (3, 'Mario.Rossi@Example.it'), (9, 'Mario.Rossi@Example.IT.')) v(id, email) ON c.id = v.id
    WHEN MATCHED THEN UPDATE SET email = v.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (v.id, v.email);
INSERT INTO bl.lead_1 VALUES (1, 'Mario.Rossi@example.it', 'into the partition');
INSERT INTO bl.base VALUES (2, E'RSSMRA80E\u0301 ');
INSERT INTO bl.heir VALUES (3, E'RSSMRA80\u00c9', 'x');
RESET ROLE;
-- A trigger of the owner's that puts the value in.
SET ROLE bl_owner;
CREATE FUNCTION bl.restore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."E-mail" := 'Mario.Rossi@example.it'; RETURN NEW; END $$;
CREATE TRIGGER restore BEFORE INSERT ON bl.lead FOR EACH ROW EXECUTE FUNCTION bl.restore();
RESET ROLE;
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, NULL, 'filled in');
RESET ROLE;
DROP TRIGGER restore ON bl.lead;
-- As replication applies it, and as the owner.
SET session_replication_role = replica;
INSERT INTO bl.lead VALUES (1, 'Mario.Rossi@example.it', 'replicated');
RESET session_replication_role;

-- Rejected, whole; the message says neither who nor what. Or only the server's log hears of it.
SET gdpr.blocklist_action = reject;
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, 'fresh@example.it', 'x'), (1, 'Mario.Rossi@example.it', 'refused');
\echo :LAST_ERROR_SQLSTATE
UPDATE bl.contact SET email = 'Mario.Rossi@example.it' WHERE id = 2;
SELECT count(*) FROM bl.lead WHERE note IN ('x', 'refused');
RESET ROLE;
SET gdpr.blocklist_action = log;
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, 'Mario.Rossi@example.it', 'logged');
-- Attack: the application turns it off, reads the list, calls the trigger's function, drops or disables the trigger.
SET gdpr.blocklist_action = warn;
SELECT * FROM gdpr.blocklist;
SELECT gdpr.blocklist_check();
CREATE TEMP TABLE t (x text);
CREATE TRIGGER mine AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION gdpr.blocklist_check();
DROP TABLE t;
ALTER TABLE bl.lead DISABLE TRIGGER gdpr_blocklist;
SELECT gdpr.unblock('Mario.Rossi@example.it', 'let me in');
-- Attack: probing. Where the public writes, log or reject everything alike: with log, a hit and a miss look the same.
INSERT INTO bl.lead VALUES (1, 'Mario.Rossi@example.it', 'probe');
INSERT INTO bl.lead VALUES (1, 'never.seen@example.it', 'probe');
RESET ROLE;
RESET gdpr.blocklist_action;
-- Attack: a table of hashes of all addresses. Without the key none matches.
SELECT count(*) FROM gdpr.blocklist WHERE hash IN (sha256('Mario.Rossi@example.it'), sha256('email' || '\x00'::bytea || 'Mario.Rossi@example.it'));
-- Attack: officers read the hashes.
SET ROLE bl_officer;
SELECT * FROM gdpr.blocklist;

-- Agreed anew: an officer lifts it, with a reason.
SELECT gdpr.unblock('mario.rossi@example.it', 'another person');
SELECT gdpr.unblock('Mario.Rossi@EXAMPLE.IT', 'new consent of today');
SELECT gdpr.unblock('0039-061234567', NULL);
SELECT reason::text, entries, role = session_user AS own FROM gdpr.unblocking;
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, 'Mario.Rossi@example.it', 'welcome');
UPDATE bl.contact SET phone = '0039061234567' WHERE id = 6;
RESET ROLE;

-- An entry that has lapsed.
UPDATE gdpr.blocklist SET until = now() - interval '1 day';
SET ROLE bl_app;
UPDATE bl.contact SET phone = '0039061234567' WHERE id = 5;
RESET ROLE;

-- What a table is set to goes before the setting, what a role is set to before both.
UPDATE gdpr.blocklist SET until = NULL;
SET ROLE bl_app;
SELECT gdpr.set_blocklist_action('bl.lead', 'log');
RESET ROLE;
SET ROLE bl_admin;
SELECT gdpr.set_blocklist_action('bl.lead_1', 'log');
SELECT gdpr.set_blocklist_action('bl.lead', 'shout');
SELECT gdpr.set_blocklist_action('bl.lead', 'reject');
SELECT gdpr.set_blocklist_action('bl.contact', 'log');
RESET ROLE;
SELECT * FROM gdpr.blocklist_rule ORDER BY relation::text;
SET ROLE bl_officer;
SELECT gdpr.block('Laura@example.it', 'asked not to be stored', '2100-01-01');
SELECT gdpr.block('Laura@EXAMPLE.it', 'twice');
SELECT gdpr.block(' ', 'nothing');
SELECT gdpr.block('x@example.it', NULL);
RESET ROLE;
SET ROLE bl_app;
INSERT INTO bl.contact VALUES (20, 'Laura@example.it', NULL, NULL);
INSERT INTO bl.lead_1 VALUES (1, 'Laura@example.it', 'refused in the partition');
RESET ROLE;
SET gdpr.blocklist_action = warn;
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, 'Laura@example.it', 'warned: the session was set so');
RESET ROLE;
RESET gdpr.blocklist_action;
SET ROLE bl_admin;
SELECT gdpr.set_blocklist_action('bl.lead', NULL);
SELECT gdpr.set_blocklist_action('bl.contact', NULL);
RESET ROLE;

-- Attack: somebody probes, and rolls back or is refused. The hits are there all the same; whose they are is not.
CREATE TEMP TABLE began AS SELECT clock_timestamp() AS at;
GRANT SELECT ON began TO bl_officer;
SET ROLE bl_app;
BEGIN;
INSERT INTO bl.lead VALUES (1, 'Laura@example.it', 'probe'), (1, 'Laura@example.it', 'probe'), (1, 'nobody@example.it', 'probe');
ROLLBACK;
SELECT * FROM gdpr.blocklist_hits();
RESET ROLE;
SET gdpr.blocklist_action = reject;
SET ROLE bl_app;
INSERT INTO bl.lead VALUES (1, 'Laura@example.it', 'probe');
RESET ROLE;
RESET gdpr.blocklist_action;
SET ROLE bl_officer;
SELECT relation, column_name, action, role = session_user AS own, rows FROM gdpr.blocklist_hits() WHERE at > (SELECT at FROM began) ORDER BY at;
RESET ROLE;
DROP TABLE began;

-- Entries lapse as the setting says when they are made.
SET gdpr.blocklist_period = 30;
SET ROLE bl_officer;
SELECT gdpr.block('lapses@example.it', 'for a month');
RESET ROLE;
RESET gdpr.blocklist_period;
SELECT count(*) FROM gdpr.blocklist WHERE until BETWEEN now() + interval '29 days' AND now() + interval '31 days';
UPDATE gdpr.blocklist SET until = now() - interval '1 day';

-- A foreign key that cascades an identifier.
SET ROLE bl_owner;
CREATE TABLE bl.account (mail text PRIMARY KEY);
CREATE TABLE bl.login (id int PRIMARY KEY, mail text REFERENCES bl.account ON UPDATE CASCADE);
SECURITY LABEL FOR gdpr ON TABLE bl.login IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN bl.login.mail IS 'personal, identifier';
INSERT INTO bl.account VALUES ('new@example.it');
INSERT INTO bl.login VALUES (1, 'new@example.it');
RESET ROLE;
CALL gdpr.apply('bl.login');
SET ROLE bl_officer;
SELECT gdpr.block('gone@example.it', 'x');
RESET ROLE;
SET ROLE bl_owner;
UPDATE bl.account SET mail = 'gone@example.it';
RESET ROLE;

-- Labels change, the trigger follows; encrypting a column in place keeps it.
SECURITY LABEL FOR gdpr ON COLUMN bl.contact.phone IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN bl.contact.email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN bl.lead."E-mail" IS 'personal';
CALL gdpr.apply();
SELECT tgrelid::regclass, tgenabled, tgattr FROM pg_trigger WHERE tgname = 'gdpr_blocklist' ORDER BY tgrelid::regclass::text;
SELECT count(*) FROM gdpr.plan() WHERE relation::text LIKE 'bl.%';
UPDATE gdpr.blocklist SET until = NULL;
SET ROLE bl_app;
UPDATE bl.contact SET phone = '+39 06 1234567' WHERE id = 9;
UPDATE bl.contact SET phone = '+39 06 1234567' WHERE id = 9;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA bl CASCADE;
DROP ROLE bl_owner, bl_officer, bl_app, bl_admin;
TRUNCATE gdpr.blocklist, gdpr.blocklist_rule, gdpr.erasure, gdpr.unblocking;
