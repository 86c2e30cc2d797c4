-- gdpr.advice: each check finds what is made for it, and is silent once that is mended.
SET client_min_messages = warning;
CREATE SCHEMA ad;
CREATE ROLE ad_owner;
CREATE ROLE ad_officer IN ROLE gdpr_officer;
CREATE ROLE ad_auditor IN ROLE gdpr_auditor;
CREATE ROLE ad_admin IN ROLE gdpr_admin;
CREATE ROLE ad_app;
GRANT ALL ON SCHEMA ad TO ad_owner;
SET ROLE ad_owner;
CREATE TABLE ad.person (id int PRIMARY KEY, email text, "firstName" text, nickname text, health_note text, birth_date date,
                        remarks text, race_day int, total numeric);
CREATE TABLE ad.visit (id int PRIMARY KEY, person_id int REFERENCES ad.person, ip_address inet);
CREATE TABLE ad.note (id int PRIMARY KEY, author int REFERENCES ad.person, about int REFERENCES ad.person, body text);
CREATE TABLE ad.thing (id int PRIMARY KEY, phone2 text, phonetics text, street_name_id int, "odd ""name" text);
CREATE TABLE ad.log (day date, address text) PARTITION BY RANGE (day);
CREATE TABLE ad.log_1 PARTITION OF ad.log DEFAULT;
SECURITY LABEL FOR gdpr ON TABLE ad.log IS 'expires(day, 1 year)';
INSERT INTO ad.person SELECT g, 'p' || g || '@example.it', 'Anna', 'nick' || g, NULL, '2000-01-01', 'write to friend' || g || '@example.net' FROM generate_series(1, 200) g;
INSERT INTO ad.thing SELECT g, NULL, 'x', g, '+3906' || 1234000 + g FROM generate_series(1, 200) g;
SECURITY LABEL FOR gdpr ON TABLE ad.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN ad.person.nickname IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN ad.person.health_note IS 'sensitive';
ANALYZE ad.person, ad.thing;
RESET ROLE;
RESET client_min_messages;
CREATE FUNCTION ad.found(what text) RETURNS TABLE (severity text, object text, finding text, remedy text) LANGUAGE sql
    AS $$ SELECT severity, object, finding, remedy FROM gdpr.advice WHERE object ~ what ORDER BY 1, 2, 3 $$;
GRANT USAGE ON SCHEMA ad TO ad_officer, ad_auditor, ad_admin, ad_app;

-- Columns without label, by name and by sample; undecided owners; edges and identifiers without index; plaintext; drift.
SET ROLE ad_officer;
SELECT * FROM ad.found('^ad\.');
-- What mends it is SQL that runs.
RESET ROLE;
BEGIN;
SELECT remedy FROM gdpr.advice WHERE object ~ '^ad\.' AND remedy ~ '^(SECURITY LABEL|CREATE INDEX)' AND remedy !~ 'CALL' ORDER BY object, remedy \gexec
SECURITY LABEL FOR gdpr ON TABLE ad.note IS 'owned(author), accessed(about)';
CALL gdpr.apply('ad.person');
CALL gdpr.apply('ad.visit');
CALL gdpr.apply('ad.note');
SELECT * FROM ad.found('^ad\.');
ROLLBACK;

-- Roles that nothing binds.
CREATE ROLE ad_super SUPERUSER;
CREATE ROLE "ad bypass" BYPASSRLS;
GRANT pg_read_server_files TO ad_app;
GRANT gdpr_backup TO ad_admin;
SELECT * FROM ad.found('^role "?ad');
-- Settings that put values into the server's log, for all or for some; a role that loads no library.
SELECT severity, object, finding FROM gdpr.advice WHERE object ~ '^setting (log_statement|log_min_duration_statement|log_parameter_max_length_on_error|debug_print_plan)$';
BEGIN;
SET LOCAL log_statement = 'all';
SET LOCAL log_min_duration_statement = 100;
SET LOCAL log_parameter_max_length_on_error = -1;
SET LOCAL debug_print_plan = on;
SELECT * FROM ad.found('^setting (log_statement|log_min_duration_statement|log_parameter_max_length_on_error|debug_print_plan)$');
ROLLBACK;
ALTER ROLE ad_app SET log_statement = 'all';
ALTER ROLE ad_app SET session_preload_libraries = 'auto_explain';
SELECT * FROM ad.found('^role ad_app');
ALTER ROLE ad_app RESET ALL;
REVOKE pg_read_server_files FROM ad_app;
SELECT * FROM ad.found('^role ad_app');

-- Copies, and who may read.
CREATE MATERIALIZED VIEW ad.copy AS SELECT nickname FROM ad.person;
SET client_min_messages = error;
CREATE PUBLICATION ad_pub FOR TABLE ad.person;
RESET client_min_messages;
GRANT SELECT ON ad.person TO PUBLIC;
SELECT * FROM ad.found('^(ad\.copy|publication ad_pub|ad\.person$)') WHERE finding !~ 'not enforced';

-- What is overdue.
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('ad_news', 'news', 'consent');
SELECT * FROM ad.found('^gdpr\.(controller|purpose ad_news)');
INSERT INTO gdpr.controller (name, contact) VALUES ('x', 'y');
UPDATE gdpr.purpose SET retention = '1 year' WHERE name = 'ad_news';
SELECT * FROM ad.found('^gdpr\.(controller|purpose ad_news)');
SELECT gdpr.open_request('access', 'ad.person', '1', now() - interval '90 days') AS request \gset
SELECT gdpr.open_breach('lost disk', now() - interval '80 hours', tstzrange(NULL, NULL)) AS breach \gset
SELECT severity, object = 'request ' || :request AS that, finding ~ '^it should have been answered by \d{4}-' AS late, remedy ~ 'fulfil' AS mended FROM gdpr.advice WHERE object ~ '^request';
SELECT severity, object = 'breach ' || :breach AS that, finding FROM gdpr.advice WHERE object ~ '^breach';
INSERT INTO gdpr.outbox (template, recipient, state, error) SELECT 'erased', 'ad', 'dead', 'the recipient''s' FROM generate_series(1, 3);
SELECT * FROM ad.found('^gdpr.outbox');
SELECT remedy FROM gdpr.advice WHERE object = 'gdpr.outbox' \gexec
SELECT * FROM ad.found('^gdpr.outbox');
SELECT count(gdpr.add_source('ad.person', key::text, 'import', 'list')) FROM generate_series(1, 3) key;
UPDATE gdpr.provenance_record SET notice_due = now() + CASE key WHEN '1' THEN interval '-1 day' WHEN '2' THEN interval '6 days' ELSE interval '20 days' END
 WHERE subject_table = 'ad.person'::regclass AND key IN ('1', '2', '3');
SELECT * FROM ad.found('^ad.person$') WHERE finding ~ 'Art. 14';
SELECT gdpr.record_notices('ad.person', NULL, 'privacy notice 4');
SELECT * FROM ad.found('^ad.person$') WHERE finding ~ 'Art. 14';
-- The worst comes first.
SELECT array_agg(DISTINCT severity) AS all_of, bool_and(ordered) AS ordered FROM (SELECT severity,
    array_position('{critical,warning,notice}', severity) >= lag(array_position('{critical,warning,notice}', severity), 1, 0) OVER () AS ordered FROM gdpr.advice) a;
-- A check that cannot be made is told as such, here because a label names what is not there; no other failed.
RESET ROLE;
CREATE TABLE ad.wrong (id int);
SECURITY LABEL FOR gdpr ON TABLE ad.wrong IS 'keep(1 year, gone, contract)';
SET ROLE ad_officer;
SELECT * FROM ad.found('^check');
RESET ROLE;
DROP TABLE ad.wrong;
SET ROLE ad_officer;

-- Attack: the application learns where the weak places are.
SET ROLE ad_app;
SELECT * FROM gdpr.advice;
SELECT * FROM gdpr.advice_rows();
-- Officers, auditors and admins see the same.
SET ROLE ad_auditor;
SELECT count(*) > 0 AS seen FROM gdpr.advice;
SET ROLE ad_admin;
SELECT count(*) > 0 AS seen FROM gdpr.advice;
RESET ROLE;

SET client_min_messages = warning;
TRUNCATE gdpr.notice, gdpr.provenance_record, gdpr.request, gdpr.request_event, gdpr.breach, gdpr.breach_event, gdpr.controller, gdpr.outbox;
DELETE FROM gdpr.purpose;
DROP PUBLICATION ad_pub;
DROP SCHEMA ad CASCADE;
DROP ROLE ad_owner, ad_officer, ad_auditor, ad_admin, ad_app, ad_super, "ad bypass";
