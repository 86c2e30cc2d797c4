-- Breaches: the 72 hours, what was reached, who is told, the register. Times are relative.
SET client_min_messages = warning;
TRUNCATE gdpr.breach RESTART IDENTITY;
CREATE SCHEMA br;
CREATE ROLE br_owner;
CREATE ROLE br_officer IN ROLE gdpr_officer;
CREATE ROLE br_auditor IN ROLE gdpr_auditor;
CREATE ROLE br_app;
CREATE ROLE br_thief;
GRANT ALL ON SCHEMA br TO br_owner;
GRANT USAGE ON SCHEMA br TO br_app, br_thief, br_officer, br_auditor;
SET ROLE br_owner;
CREATE TABLE br.person (id int PRIMARY KEY, email text, health text, city text);
CREATE TABLE br.visit (id int PRIMARY KEY, person_id int REFERENCES br.person, note text);
CREATE TABLE br.cache (id int PRIMARY KEY, person_id int REFERENCES br.person);
CREATE TABLE br.member (club text, no int, name text, PRIMARY KEY (club, no));
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA br TO br_app, br_thief;
SECURITY LABEL FOR gdpr ON TABLE br.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN br.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN br.person.health IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN br.visit.note IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE br.cache IS 'audit(off)';
SECURITY LABEL FOR gdpr ON TABLE br.member IS 'subject';
RESET ROLE;
CALL gdpr.apply('br.person');
CALL gdpr.apply('br.visit');
CALL gdpr.apply('br.cache');
CALL gdpr.apply('br.member');
SET ROLE br_app;
INSERT INTO br.person SELECT g, 'p' || g || '@example.it', 'well', 'Rome' FROM generate_series(1, 6) g;
INSERT INTO br.visit SELECT g, g, 'came' FROM generate_series(1, 6) g;
INSERT INTO br.member VALUES ('chess', 1, 'Anna'), ('a,"b"', 2, 'Bruno');
SET ROLE br_thief;
UPDATE br.person SET city = 'Turin' WHERE id IN (1, 2);
UPDATE br.visit SET note = 'left' WHERE person_id IN (2, 3);
DELETE FROM br.visit WHERE id = 4;
DELETE FROM br.cache;
RESET ROLE;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- Opened by an officer.
SET ROLE br_officer;
SELECT gdpr.open_breach('a stolen password was used', now() - interval '30 hours', tstzrange(now() - interval '40 hours', NULL), 'br_thief') AS thief \gset
SELECT gdpr.open_breach('a laptop was lost', now() - interval '80 hours', tstzrange(now() - interval '90 hours', now() - interval '85 hours')) AS laptop \gset
-- Attack: a breach of which the controller would become aware later, or whose window hides it.
SELECT gdpr.open_breach('x', now() + interval '1 hour', tstzrange(now(), NULL));
SELECT gdpr.open_breach('x', 'infinity', tstzrange(now(), NULL));
SELECT gdpr.open_breach('x', now(), 'empty');
SELECT gdpr.open_breach('x', now() - interval '1 hour', tstzrange(now(), NULL));
SELECT gdpr.open_breach('x', NULL, tstzrange(now(), NULL));
SELECT gdpr.open_breach(' ', now(), tstzrange(now(), NULL));
-- Attack: others open, read and close breaches.
SET ROLE br_app;
SELECT gdpr.open_breach('x', now(), tstzrange(NULL, NULL));
SELECT * FROM gdpr.breach_scope(1);
SELECT gdpr.breach_letter(1, 'authority');
SELECT gdpr.tell_breach_subjects(1);
SELECT gdpr.close_breach(1);
TABLE gdpr.breach_register;
TABLE gdpr.breach_notice;
SET ROLE br_auditor;
SELECT count(*) FROM gdpr.breach_register;
SELECT gdpr.assess_breach(1, 'unlikely', 'nothing to see');
DELETE FROM gdpr.breach;
UPDATE gdpr.breach_event SET note = NULL;

-- The clock: 72 hours from awareness, weekends and all.
SELECT id, deadline = aware_at + interval '72 hours' AS three_days, hours_left, state, delay_reason_needed, risk, subjects_to_be_told FROM gdpr.breach_clock;

-- The scope: what the log knows in the window, by that role; what was read is not known.
SELECT relation, CASE WHEN relation IS NOT NULL THEN categories END AS categories, subjects, subjects_logged, records, records_logged FROM gdpr.breach_scope(:thief) WHERE relation IS NULL OR relation::text LIKE 'br.%';
-- Where nothing is in the window, nothing is known; and of what is not audited not even that.
SELECT relation, subjects, subjects_logged, records_logged FROM gdpr.breach_scope(:laptop) WHERE relation IS NULL OR relation::text LIKE 'br.%';
SET ROLE br_officer;
SELECT * FROM gdpr.breach_scope(4711);
-- Narrower, and wider: what stood there before is on record.
SELECT gdpr.amend_breach(:thief, relations => ARRAY['br.visit'::regclass]);
SELECT relation, categories, subjects_logged, records_logged FROM gdpr.breach_scope(:thief);
SELECT gdpr.amend_breach(:thief, relations => ARRAY['br.visit'::regclass, 'br.person'], description => 'a stolen password was used for an hour');
-- Attack: the window is moved away from what happened, unseen.
SELECT gdpr.amend_breach(:thief, period => 'empty');
SELECT gdpr.amend_breach(:thief, period => tstzrange(now() - interval '50 hours', now() - interval '49 hours'));
SELECT subjects_logged FROM gdpr.breach_scope(:thief) WHERE relation IS NULL;
SELECT event, (note::jsonb ->> 'period')::tstzrange @> now() AS window_was_open, note::jsonb ->> 'description' AS was, role FROM gdpr.breach_event WHERE breach = :thief AND event = 'amended' ORDER BY id;
SELECT gdpr.amend_breach(:thief, period => tstzrange(now() - interval '40 hours', NULL));

-- The letter to the authority says what is not known yet.
INSERT INTO gdpr.controller (name, contact) VALUES ('Clinic', 'Via Po 1, Turin');
SELECT regexp_replace(gdpr.breach_letter(:thief, 'authority'), '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00', 'TIME', 'g') AS letter;
SELECT gdpr.breach_letter(:thief, 'press');
SELECT gdpr.amend_breach(:thief, consequences => 'unwanted mail; <b>blackmail</b>', measures => 'password changed', advice => 'beware of {{controller}} mails');
UPDATE gdpr.controller SET protection_officer = 'Dr. Rossi, dpo@clinic.example';
SELECT regexp_replace(gdpr.breach_letter(:thief, 'authority'), '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00', 'TIME', 'g') AS letter;
SELECT gdpr.breach_letter(:thief, 'subjects');

-- The risk decides who is told.
SELECT gdpr.close_breach(:thief);
SELECT gdpr.assess_breach(:thief, 'terrible', 'see file');
SELECT gdpr.assess_breach(:thief, 'high', '');
SELECT gdpr.assess_breach(:thief, 'high', 'health data in plain text');
SELECT gdpr.close_breach(:thief);
SELECT id, risk, subjects_to_be_told FROM gdpr.breach_clock WHERE id = :thief;
SELECT gdpr.record_authority_notice(:thief, now() - interval '31 hours');
SELECT gdpr.record_authority_notice(:thief, now() + interval '31 hours');
SELECT gdpr.record_authority_notice(:thief, now(), 'DB-12');
SELECT gdpr.record_authority_notice(:thief, now(), 'DB-13');
SELECT state, delay_reason_needed FROM gdpr.breach_clock WHERE id = :thief;
-- Attack: later than 72 hours, without a reason.
SELECT gdpr.record_authority_notice(:laptop, now());
SELECT gdpr.record_authority_notice(:laptop, now(), NULL, ' ');
SELECT gdpr.record_authority_notice(:laptop, now(), NULL, 'the loss was taken for a mistake at first');
SELECT id, state, delay_reason_needed FROM gdpr.breach_clock ORDER BY id;
SELECT gdpr.close_breach(:thief);

-- Whoever the log knows of is told, once; who has the key of somebody who is gone is not.
RESET ROLE;
DELETE FROM br.visit WHERE person_id = 3;
DELETE FROM br.person WHERE id = 3;
INSERT INTO br.person VALUES (3, 'newcomer@example.it', 'well', 'Bari');
SET ROLE br_officer;
SELECT gdpr.tell_breach_subjects(:thief);
SELECT gdpr.tell_breach_subjects(:thief);
SELECT subject_table, key, template, parameters FROM gdpr.outbox WHERE template = 'breach_subject' ORDER BY key;
-- Everybody, where it is not known who was read: of those the rest.
SELECT gdpr.tell_breach_subjects(:thief, everyone => true) > 0 AS told;
SELECT subject_table, key FROM gdpr.breach_notice WHERE subject_table::text LIKE 'br.%' ORDER BY 1, 2;
SELECT gdpr.tell_breach_subjects(:thief, everyone => true);
SELECT gdpr.close_breach(:thief, 'passwords are longer now');
-- What is closed stays as it is.
SELECT gdpr.amend_breach(:thief, measures => 'none');
SELECT gdpr.tell_breach_subjects(:thief);
SELECT gdpr.assess_breach(:laptop, 'high', 'the disk was not encrypted');
SELECT gdpr.close_breach(:laptop);
SELECT gdpr.waive_subject_notice(:laptop, '');
SELECT gdpr.waive_subject_notice(:laptop, 'told by the newspapers, Art. 34(3)(c)');
SELECT gdpr.close_breach(:laptop);
-- One that is no risk to anybody is recorded all the same.
SELECT gdpr.open_breach('a letter came back unopened', now() - interval '100 hours', '(,)') AS letter \gset
SELECT gdpr.assess_breach(:letter, 'unlikely', 'sealed');
SELECT state, delay_reason_needed FROM gdpr.breach_clock WHERE id = :letter;
SELECT gdpr.close_breach(:letter);
SET ROLE br_auditor;
SELECT id, description, risk, authority_at IS NOT NULL AS authority, authority_reference, delay_reason, subjects_told > 2 AS subjects, no_notice_reason, closed_at IS NOT NULL AS closed FROM gdpr.breach_register;
SELECT breach, event, note, role FROM gdpr.breach_event WHERE event NOT IN ('amended', 'subjects notified') ORDER BY id;

-- Erasure takes whoever was told out of the list.
SET ROLE br_officer;
SELECT count(*) FROM gdpr.forget('br.person', '2', 'request') WHERE relation = 'gdpr.breach_notice'::regclass;
SELECT count(*) FROM gdpr.breach_notice WHERE key = '2';
SELECT * FROM gdpr.verify_forgotten('br.person', '2');
RESET ROLE;

-- At rest the words are ciphertext.
CREATE EXTENSION pageinspect;
SELECT bool_or(position('password'::bytea IN page) > 0) AS description_at_rest
  FROM (SELECT get_raw_page('gdpr.breach', n) AS page FROM generate_series(0, pg_relation_size('gdpr.breach') / 8192 - 1) n) p;
DROP EXTENSION pageinspect;

SET client_min_messages = warning;
TRUNCATE gdpr.breach, gdpr.breach_event, gdpr.breach_notice, gdpr.outbox, gdpr.controller, gdpr.erasure, gdpr.blocklist;
DROP SCHEMA br CASCADE;
DROP ROLE br_owner, br_officer, br_auditor, br_app, br_thief;
