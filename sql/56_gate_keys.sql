-- Columns without a label whose foreign keys lead to gated ones hold the same values, and are gated as those are.
SET client_min_messages = error;
CREATE ROLE gk_app;
CREATE ROLE gk_reader;
CREATE SCHEMA gk AUTHORIZATION gk_app;
GRANT USAGE ON SCHEMA gk TO gk_reader;
SET ROLE gk_app;
CREATE TABLE gk.login (email text PRIMARY KEY, tenant int, UNIQUE (tenant, email));
CREATE TABLE gk.session (id int, email text REFERENCES gk.login ON UPDATE CASCADE, UNIQUE (id, email));
CREATE TABLE gk.click (id int, who text, session int, at int, FOREIGN KEY (session, who) REFERENCES gk.session (id, email) ON UPDATE CASCADE) PARTITION BY RANGE (at);
CREATE TABLE gk.click_1 PARTITION OF gk.click FOR VALUES FROM (0) TO (10);
-- Keys in a circle, and one to itself.
CREATE TABLE gk.chain (email text PRIMARY KEY REFERENCES gk.login, follows text REFERENCES gk.chain);
ALTER TABLE gk.login ADD chain text REFERENCES gk.chain;
INSERT INTO gk.login VALUES ('anna@example.it', 1);
INSERT INTO gk.session VALUES (1, 'anna@example.it');
INSERT INTO gk.click VALUES (1, 'anna@example.it', 1, 1);
INSERT INTO gk.chain VALUES ('anna@example.it', 'anna@example.it');
UPDATE gk.login SET chain = 'anna@example.it';
SECURITY LABEL FOR gdpr ON COLUMN gk.login.email IS 'personal';
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA gk TO gk_reader;
RESET ROLE;
SELECT gdpr.assign_channel('gk_reader', 'api'), gdpr.gate('personal', 'api', 'hide');

SET ROLE gk_reader;
SELECT s, c, p FROM gk.session s, gk.click c, gk.click_1 p;
SELECT l, c FROM gk.login l, gk.chain c;
EXPLAIN (COSTS OFF) SELECT who FROM gk.click;
-- Attack: what the cascade writes.
SET ROLE gk_app;
ALTER TABLE gk.chain DROP CONSTRAINT chain_email_fkey;
UPDATE gk.login SET email = 'anna@example.org';
SET ROLE gk_reader;
PREPARE clicks AS SELECT who FROM gk.click;
EXECUTE clicks;

-- Without its foreign key, a column stands for itself; and a change two tables away reaches plans that were made.
SELECT email, follows FROM gk.chain;
SET ROLE gk_app;
ALTER TABLE gk.session DROP CONSTRAINT session_email_fkey;
SET ROLE gk_reader;
EXECUTE clicks;
SET ROLE gk_app;
ALTER TABLE gk.session ADD FOREIGN KEY (email) REFERENCES gk.login ON UPDATE CASCADE;
SET ROLE gk_reader;
EXECUTE clicks;

-- A rule for the column itself comes first, in its channel; so does a label.
RESET ROLE;
SELECT gdpr.gate('gk.session', 'email', 'api', 'show');
SET ROLE gk_reader;
SELECT email FROM gk.session;
SELECT who FROM gk.click;
RESET ROLE;
SELECT gdpr.gate('gk.session', 'email', 'api', NULL), gdpr.gate('sensitive', 'api', 'show');
SECURITY LABEL FOR gdpr ON COLUMN gk.session.email IS 'sensitive';
SET ROLE gk_reader;
SELECT email FROM gk.session;
RESET ROLE;
SECURITY LABEL FOR gdpr ON COLUMN gk.session.email IS NULL;

-- Sessions without the library: apply() closes those tables too.
SELECT relation, action FROM gdpr.plan() WHERE relation::text LIKE 'gk.%' AND action ~ 'policy';
CALL gdpr.apply();
SELECT count(*) FROM gdpr.plan() WHERE relation::text LIKE 'gk.%';
SET ROLE gk_reader;
SELECT email FROM gk.session;
SELECT who FROM gk.click_1;
RESET ROLE;
SELECT gdpr.assign_channel('gk_reader', NULL), gdpr.gate('personal', 'api', NULL), gdpr.gate('sensitive', 'api', NULL);
CALL gdpr.apply();
DROP SCHEMA gk CASCADE;
DROP ROLE gk_app, gk_reader;
