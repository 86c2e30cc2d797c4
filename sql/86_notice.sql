-- Where data came from, to the line of a file; further sources; notices, and whom one is due to.
SET client_min_messages = warning;
CREATE SCHEMA nt;
CREATE ROLE nt_app;
CREATE ROLE nt_officer IN ROLE gdpr_officer;
CREATE ROLE nt_auditor IN ROLE gdpr_auditor;
GRANT USAGE ON SCHEMA nt TO nt_app, nt_officer, nt_auditor;
CREATE TABLE nt.person (id int PRIMARY KEY, email text);
INSERT INTO nt.person VALUES (1, 'before@example.it');
GRANT SELECT, INSERT, UPDATE, DELETE ON nt.person TO nt_app;
SECURITY LABEL FOR gdpr ON TABLE nt.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN nt.person.email IS 'personal, identifier';
CALL gdpr.apply('nt.person');
RESET client_min_messages;

-- An import has its file and the line: counted by COPY, said by the application, or none.
SET ROLE nt_app;
SET application_name = 'loader';
SELECT gdpr.set_source('import', 'leads.csv');
COPY nt.person FROM stdin;
2	a@example.it
3	b@example.it
4	c@example.it
\.
COPY nt.person FROM stdin;
5	d@example.it
\.
SELECT gdpr.set_source('import', 'fair.csv', line => 17);
INSERT INTO nt.person VALUES (6, 'e@example.it');
SELECT gdpr.set_source('import', 'fair.csv');
INSERT INTO nt.person VALUES (7, 'f@example.it');
SELECT gdpr.set_source('webform', 'contact page', '203.0.113.7');
INSERT INTO nt.person VALUES (8, 'g@example.it');
SELECT gdpr.set_source('webform', 'x', line => 3);
SELECT gdpr.set_source('import', 'x', line => -1);
SELECT gdpr.set_source(NULL);
INSERT INTO nt.person VALUES (9, 'h@example.it');
COPY nt.person FROM stdin;
10	i@example.it
\.
-- Attack: the first source is overwritten.
SELECT gdpr.set_source('manual', 'nothing to see here');
UPDATE nt.person SET email = 'other@example.it' WHERE id = 2;
INSERT INTO nt.person VALUES (2, 'again@example.it') ON CONFLICT (id) DO UPDATE SET email = excluded.email;
UPDATE gdpr.provenance_record SET kind = 'manual';
SELECT gdpr.add_source('nt.person', '2', 'manual');
SELECT gdpr.set_source(NULL);
-- A file that the server reads is known by its name.
RESET ROLE;
COPY (SELECT 11, 'k@example.it') TO PROGRAM 'cat > gdpr_notice_test.csv' (FORMAT csv);
SELECT setting || '/gdpr_notice_test.csv' AS file FROM pg_settings WHERE name = 'data_directory' \gset
COPY nt.person FROM :'file' (FORMAT csv);
COPY (SELECT WHERE false) TO PROGRAM 'rm gdpr_notice_test.csv';
SET ROLE nt_officer;
SELECT key, kind, regexp_replace(name, '.*/', '') AS name, host(address) AS address, line FROM gdpr.provenance
 WHERE subject_table = 'nt.person'::regclass ORDER BY key::int;

-- A further source stands beside the first.
SELECT gdpr.add_source('nt.person', '8', 'integration', 'partner', '198.51.100.4');
SELECT gdpr.add_source('nt.person', '1', 'import', 'old list', line => 4);
SELECT gdpr.add_source('nt.person', '99', 'import', 'old list');
SELECT gdpr.add_source('nt.person', '8', 'gossip');
SELECT gdpr.add_source('nt.person', '8', 'manual', 'desk', line => 4);
SELECT gdpr.add_source('nt.person', '8', 'import', 'old list', line => -4);
SELECT gdpr.record_disclosure('nt.person', '8', E' \n');
SELECT key, kind, name, host(address) AS address, line, first FROM gdpr.source_history WHERE key IN ('1', '8') ORDER BY key::int, at;
SELECT gdpr.access('nt.person', '1') #> '{source}' AS source,
       (gdpr.access('nt.person', '1') #> '{further_sources,0}') - 'at' AS further;

-- Who did not give their data themselves is to be told within a month.
SELECT key, kind, regexp_replace(name, '.*/', '') AS name, due_at = obtained_at + interval '1 month' AS within_a_month, days_left BETWEEN 27 AND 31 AS left
  FROM gdpr.notice_queue WHERE subject_table = 'nt.person'::regclass ORDER BY key::int;
SELECT gdpr.record_notice('nt.person', '2', 'privacy notice 4', channel => 'mail') > 0 AS recorded;
SELECT gdpr.record_notice('nt.person', '3', 'none', exemption => 'Art. 14(5)(a): had it before') > 0 AS recorded;
SELECT gdpr.record_notice('nt.person', '8', 'privacy notice 4', '13', 'with the form') > 0 AS recorded;
SELECT gdpr.record_notice('nt.person', '99', 'privacy notice 4');
SELECT gdpr.record_notice('nt.person', '2', 'privacy notice 4', '12');
SELECT gdpr.record_notice('nt.person', '2', NULL);
SELECT gdpr.record_notices('nt.person', 'fair.csv', 'privacy notice 4', 'letter') AS people;
SELECT gdpr.record_notices('nt.person', 'fair.csv', 'privacy notice 4', 'letter') AS nobody_left;
SELECT gdpr.record_notices('nt.nothing', NULL, 'x');
SELECT key FROM gdpr.notice_queue WHERE subject_table = 'nt.person'::regclass ORDER BY key::int;
SELECT gdpr.record_notices('nt.person', NULL, 'privacy notice 4') AS people;
SELECT count(*) FROM gdpr.notice_queue WHERE subject_table = 'nt.person'::regclass;
SELECT key, article, document, channel, exemption, role = session_user AS by_session FROM gdpr.notice ORDER BY id LIMIT 5;
SELECT operation, key, note FROM gdpr.audit_log WHERE operation IN ('record_notice', 'add_source') AND relation = 'nt.person'::regclass ORDER BY id;
SELECT jsonb_path_query_array(gdpr.access('nt.person', '2'), '$.notices[*].document') AS told;

-- Notices go with the person, and follow their key.
SET ROLE nt_app;
UPDATE nt.person SET id = 20 WHERE id = 2;
SET ROLE nt_officer;
SELECT key FROM gdpr.notice WHERE document = 'privacy notice 4' AND channel = 'mail';
SELECT action, rows FROM gdpr.forget('nt.person', '20', 'asked') WHERE relation = 'gdpr.notice'::regclass;
SELECT count(*) FROM gdpr.verify_forgotten('nt.person', '20');
SELECT key IS NULL AS nobody, article, document FROM gdpr.notice WHERE channel = 'mail';
SELECT key FROM gdpr.source_history WHERE key = '20';

-- Attack: who is no officer records that people were told, or removes it.
SET ROLE nt_app;
SELECT gdpr.record_notice('nt.person', '3', 'x');
SELECT gdpr.record_notices('nt.person', NULL, 'x');
SELECT * FROM gdpr.notice_queue;
DELETE FROM gdpr.notice;
SET ROLE nt_auditor;
SELECT count(*) > 0 AS reads FROM gdpr.notice;
SELECT gdpr.record_notice('nt.person', '3', 'x');
SET ROLE nt_officer;
DELETE FROM gdpr.notice;
UPDATE gdpr.notice SET at = now() - interval '1 year';
RESET ROLE;

SET client_min_messages = warning;
RESET application_name;
DROP SCHEMA nt CASCADE;
DELETE FROM gdpr.notice;
DELETE FROM gdpr.provenance_record;
DELETE FROM gdpr.restriction;
DELETE FROM gdpr.erasure;
DELETE FROM gdpr.blocklist;
DELETE FROM gdpr.outbox;
DROP ROLE nt_app, nt_officer, nt_auditor;
