-- Labels, as gates see them: in the same transaction, relabelled and dropped, on partitions and heirs, through renames; other
-- providers' labels left alone.
SET client_min_messages = warning;
CREATE SCHEMA ga;
CREATE SCHEMA ga_new;
CREATE ROLE ga_owner;
CREATE ROLE ga_tool;
GRANT ALL ON SCHEMA ga, ga_new TO ga_owner;
GRANT USAGE ON SCHEMA ga, ga_new TO ga_tool;
INSERT INTO gdpr.channel_role VALUES ('ga_tool', 'export');
INSERT INTO gdpr.gate_rule (class, channel, action) VALUES ('personal', 'export', 'mask'), ('sensitive', 'export', 'hide');
SET ROLE ga_owner;
CREATE TABLE ga.t (id int, email text);
INSERT INTO ga.t VALUES (1, 'mario@example.it');
GRANT SELECT ON ga.t TO ga_tool;

-- In the transaction that labels, and not when it is rolled back.
BEGIN;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS 'personal';
SET LOCAL ROLE ga_tool;
SELECT email FROM ga.t;
ROLLBACK;
SET ROLE ga_tool;
SELECT email FROM ga.t;
SET ROLE ga_owner;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS 'personal';
SET ROLE ga_tool;
SELECT email FROM ga.t;
-- Another label in its place, in other words, and none.
SET ROLE ga_owner;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS ' Sensitive ,identifier ';
SET ROLE ga_tool;
SELECT email FROM ga.t;
SET ROLE ga_owner;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS NULL;
SET ROLE ga_tool;
SELECT email FROM ga.t;
SET ROLE ga_owner;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS 'personal';
-- Other names of column, table and schema; columns beside it that come and go.
ALTER TABLE ga.t ADD note text DEFAULT 'n';
ALTER TABLE ga.t DROP id;
ALTER TABLE ga.t RENAME email TO mail;
ALTER TABLE ga.t RENAME TO u;
ALTER TABLE ga.u SET SCHEMA ga_new;
SET ROLE ga_tool;
SELECT u FROM ga_new.u;
RESET ROLE;
SELECT objname, label FROM pg_seclabels WHERE provider = 'gdpr' AND objname LIKE 'ga%';

-- Partitions and heirs, of several levels and parents; detached, they have no label, unless it is their own.
SET ROLE ga_owner;
CREATE TABLE ga.p (id int, email text) PARTITION BY RANGE (id);
CREATE TABLE ga.p_1 PARTITION OF ga.p FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE ga.p_11 PARTITION OF ga.p_1 FOR VALUES FROM (0) TO (5);
INSERT INTO ga.p VALUES (1, 'mario@example.it');
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal';
CREATE TABLE ga.one (a text);
CREATE TABLE ga.two (b text);
CREATE TABLE ga.heir () INHERITS (ga.one, ga.two);
INSERT INTO ga.heir VALUES ('mario@example.it', 'mario@example.it');
SECURITY LABEL FOR gdpr ON COLUMN ga.one.a IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN ga.two.b IS 'personal';
GRANT SELECT ON ALL TABLES IN SCHEMA ga TO ga_tool;
SET ROLE ga_tool;
SELECT * FROM ga.p;
SELECT * FROM ga.p_1;
SELECT * FROM ga.p_11;
SELECT * FROM ga.heir;
SELECT * FROM ga.two;
SET ROLE ga_owner;
-- The stricter of a partition's own label and its parent's.
SECURITY LABEL FOR gdpr ON COLUMN ga.p_11.email IS 'sensitive';
SET ROLE ga_tool;
SELECT * FROM ga.p_11;
SELECT * FROM ga.p;
SET ROLE ga_owner;
ALTER TABLE ga.p DETACH PARTITION ga.p_1;
SET ROLE ga_tool;
SELECT * FROM ga.p_1;
RESET ROLE;

-- What is wrong with a label: where, and what was expected.
\set VERBOSITY default
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal, encryptd';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal,';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal identifier';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal, erase(nothing)';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal, erase(null';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal, personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal(1)';
SECURITY LABEL FOR gdpr ON TABLE ga.p IS 'owned(id -> )';
SECURITY LABEL FOR gdpr ON TABLE ga.p IS 'owned(id when true)';
SECURITY LABEL FOR gdpr ON TABLE ga.p IS 'subject, owned(id)';
SECURITY LABEL FOR gdpr ON TABLE ga.p IS 'audit(some)';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'persönlich';

-- Another provider's label is neither read nor touched.
SET allow_system_table_mods = on;
INSERT INTO pg_seclabel VALUES ('ga.p'::regclass, 'pg_class'::regclass, 2, 'other', 'personal, gibberish('), ('ga.p'::regclass, 'pg_class'::regclass, 0, 'other', 'x');
RESET allow_system_table_mods;
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS NULL;
SELECT provider, label FROM pg_seclabels WHERE objoid = 'ga.p'::regclass ORDER BY 1, 2;
SET client_min_messages = error;
SELECT gdpr.gate('ga.p', 'email', 'export', 'hide');
SELECT provider, label FROM pg_seclabels WHERE objoid = 'ga.p'::regclass ORDER BY 1, 2;
SET ROLE ga_tool;
SELECT * FROM ga.p;
RESET ROLE;
DELETE FROM gdpr.gate_rule;
DELETE FROM gdpr.channel_role;
DROP SCHEMA ga, ga_new CASCADE;
DROP ROLE ga_owner, ga_tool;
