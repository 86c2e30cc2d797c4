-- Requests of people: due dates, the clock, and what becomes of each kind. Dates of receipt are relative, so that the test
-- is the same on any day.
SET client_min_messages = warning;
TRUNCATE gdpr.request RESTART IDENTITY;
CREATE SCHEMA rq;
CREATE ROLE rq_owner;
CREATE ROLE rq_officer IN ROLE gdpr_officer;
CREATE ROLE rq_second IN ROLE gdpr_officer;
CREATE ROLE rq_auditor IN ROLE gdpr_auditor;
CREATE ROLE rq_app;
GRANT ALL ON SCHEMA rq TO rq_owner;
GRANT USAGE ON SCHEMA rq TO rq_app, rq_officer, rq_second, rq_auditor;
SET ROLE rq_owner;
CREATE TABLE rq.person (id int PRIMARY KEY, email text, city text);
CREATE TABLE rq.message (id int PRIMARY KEY, sender int REFERENCES rq.person, receiver int REFERENCES rq.person, body text);
CREATE TABLE rq.bill (id int PRIMARY KEY, person_id int REFERENCES rq.person, issued_on date, total numeric);
INSERT INTO rq.person VALUES (1, 'anna@example.it', 'Rome'), (2, 'bruno@example.it', 'Turin'), (3, 'carla@example.it', 'Pisa'),
    (4, 'dario@example.it', 'Bari'), (5, 'elsa@example.it', 'Lecce');
INSERT INTO rq.message VALUES (1, 1, 2, 'Bruno owes me money');
INSERT INTO rq.bill VALUES (1, 3, current_date, 12);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rq TO rq_app;
SECURITY LABEL FOR gdpr ON TABLE rq.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rq.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON TABLE rq.message IS 'owned(sender), accessed(receiver)';
SECURITY LABEL FOR gdpr ON TABLE rq.bill IS 'keep(10 years, issued_on, legal_obligation)';
RESET ROLE;
CALL gdpr.apply('rq.person');
CALL gdpr.apply('rq.message');
CALL gdpr.apply('rq.bill');
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- When a month is over: the date of receipt in the next month, or its last day; the end of that day in the time zone given,
-- whatever the clocks do; moved past Saturdays, Sundays and public holidays.
SET ROLE rq_officer;
INSERT INTO gdpr.controller (name, contact, protection_officer, time_zone)
    VALUES ('Shop', 'Via Roma 1', 'Dr. Rossi <dpo@shop.example>', 'Europe/Rome');
INSERT INTO gdpr.public_holiday VALUES ('2026-04-06', 'Easter Monday'), ('2026-12-25', 'Christmas'), ('2026-12-26', 'St. Stephen');
SELECT c.received, c.months, c.paused, to_char(d.due AT TIME ZONE 'Europe/Rome', 'Dy YYYY-MM-DD HH24:MI:SS.US') AS due_in_rome, c.why
  FROM (VALUES ('2026-01-12 10:00+01'::timestamptz, 1, 0, 'a Thursday'),
               ('2026-01-31 10:00+01', 1, 0, 'no 31 February; 28 is a Saturday'),
               ('2027-12-31 10:00+01', 2, 0, 'leap year'),
               ('2028-01-29 10:00+01', 1, 0, 'leap year, 29 is there'),
               ('2026-10-31 23:30+00', 1, 0, 'already November in Rome'),
               ('2026-02-28 22:59:59+00', 1, 0, 'still February in Rome'),
               ('2026-02-28 23:00:00+00', 1, 0, 'already March in Rome; DST begins in between'),
               ('2026-09-25 10:00+02', 1, 0, 'a Sunday, and the day DST ends'),
               ('2026-03-06 10:00+01', 1, 0, 'Easter Monday'),
               ('2026-11-25 10:00+01', 1, 0, 'Christmas, then a Saturday and a Sunday'),
               ('2026-01-31 10:00+01', 3, 0, 'extended: three months from receipt, not two from 28 February'),
               ('2026-01-12 10:00+01', 1, 9, 'nine days paused; a Saturday'),
               ('2026-01-31 10:00+01', 1, 3, 'paused days are added to the last of February')) AS c (received, months, paused, why),
       LATERAL gdpr.due_date(c.received, c.months, c.paused) AS d (due);
-- Elsewhere it is another day.
SELECT gdpr.due_date('2026-01-12 23:30+00', time_zone => 'Asia/Tokyo'), gdpr.due_date('2026-01-12 23:30+00', time_zone => 'America/New_York');
SET timezone = 'Pacific/Kiritimati';
SELECT gdpr.due_date('2026-01-12 23:30+00') AT TIME ZONE 'Europe/Rome' AS whatever_the_session_says;
SET timezone = 'UTC';
UPDATE gdpr.controller SET time_zone = 'Europe/Atlantis';

-- Received: by whatever way, by somebody known or unknown.
SELECT gdpr.open_request('access', 'rq.person', '1', now() - interval '3 days') AS access \gset
SELECT gdpr.open_request('erasure', NULL, NULL, way => 'letter', contact => 'Bruno, Via Po 3', details => '{"text": "forget me"}') AS unknown \gset
SELECT kind, subject_table, key, state, due_at = gdpr.due_date(received_at) AS due_as_computed, way FROM gdpr.request_queue ORDER BY id;
SELECT kind, days_left = gdpr.local_date(due_at) - gdpr.local_date(now()) AS counted, days_left BETWEEN 25 AND 35 AS about_a_month FROM gdpr.request_queue ORDER BY id;
-- Who asks the same again is answered once.
SELECT gdpr.open_request('access', 'rq.person', '1') AS again \gset
SELECT duplicate_of = :access AS linked FROM gdpr.request WHERE id = :again;
SELECT gdpr.open_request('objection', 'rq.person', '1', details => '{"purpose": "ads"}') AS objection \gset
SELECT gdpr.open_request('objection', 'rq.person', '1', details => '{"purpose": "offers"}') AS objection2 \gset
SELECT duplicate_of FROM gdpr.request WHERE id IN (:objection, :objection2);
-- Refused.
SELECT gdpr.open_request('everything', 'rq.person', '1');
SELECT gdpr.open_request('access', 'rq.person', '1', way => 'pigeon');
SELECT gdpr.open_request('access', 'rq.person', '99');
SELECT gdpr.open_request('access', NULL, NULL, contact => ' ');
SELECT gdpr.open_request('access', 'rq.person', NULL);
SELECT gdpr.open_request('access', 'rq.message', '1');
SELECT gdpr.open_request('access', 'rq.person', '1', details => '[1]');
-- Attack: a request from the future, which would be due later; and a date of receipt that is changed afterwards.
SELECT gdpr.open_request('access', 'rq.person', '1', now() + interval '1 day');
SELECT gdpr.open_request('access', 'rq.person', '1', 'infinity');
UPDATE gdpr.request SET received_at = now() WHERE id = :access;
DELETE FROM gdpr.request_event;
-- What is recorded late shows: recorded_at is the database's.
SELECT received_at < recorded_at AS late_record FROM gdpr.request WHERE id = :access;

-- Attack: whoever is no officer opens, reads, changes or closes requests. An auditor reads.
SET ROLE rq_app;
SELECT gdpr.open_request('access', 'rq.person', '1');
SELECT gdpr.fulfil_request(1);
SELECT gdpr.refuse_request(1, 'no');
SELECT gdpr.extend_request(1, 'no');
SELECT gdpr.verify_identity(1, 'trust me');
SELECT gdpr.due_date(now());
TABLE gdpr.request_queue;
TABLE gdpr.request_event;
SET ROLE rq_auditor;
SELECT count(*) FROM gdpr.request_queue;
SELECT gdpr.open_request('access', 'rq.person', '1');
UPDATE gdpr.request SET state = 'fulfilled';

-- Nothing is handed out, changed or erased before it is known who asks.
SET ROLE rq_officer;
SELECT gdpr.fulfil_request(:access);
SELECT gdpr.fulfil_request(:unknown);
SELECT gdpr.fulfil_request(424242);
-- The clock stands for identity and clarification, for nothing else.
SELECT gdpr.pause_request(:unknown, 'holidays', 'we are away');
SELECT gdpr.pause_request(:unknown, 'identity', '');
SELECT gdpr.pause_request(:unknown, 'identity', 'Which address do you have with us?');
SELECT gdpr.pause_request(:unknown, 'clarification', 'And what else?');
SELECT gdpr.fulfil_request(:unknown);
SELECT state, paused_at = now() AS standing FROM gdpr.request_queue WHERE id = :unknown;
-- Ten days later the answer comes.
RESET ROLE;
UPDATE gdpr.request SET paused_at = now() - interval '10 days', received_at = now() - interval '12 days',
    due_at = gdpr.due_date(now() - interval '12 days') WHERE id = :unknown;
SET ROLE rq_officer;
SELECT days_left = gdpr.local_date(due_at) - gdpr.local_date(now() - interval '10 days') AS stood_still FROM gdpr.request_queue WHERE id = :unknown;
SELECT gdpr.verify_identity(:unknown, 'called back at the number on file');
SELECT gdpr.verify_identity(:unknown, 'called back at the number on file', 'rq.person', '77');
SELECT gdpr.verify_identity(:unknown, 'called back at the number on file', 'rq.person', '2');
SELECT state, key, paused_days, due_at = gdpr.due_date(received_at, 1, 10) AS ten_days_later FROM gdpr.request WHERE id = :unknown;
-- Attack: an erasure turned on somebody else.
SELECT gdpr.verify_identity(:unknown, 'I say so', 'rq.person', '3');
SELECT gdpr.pause_request(:unknown, 'identity', 'Are you sure?');
SELECT gdpr.resume_request(:unknown, 'nothing stood');
SELECT gdpr.pause_request(:unknown, 'clarification', 'Everything?');
SELECT gdpr.resume_request(:unknown, 'Yes, everything');
SELECT event, note, role FROM gdpr.request_event WHERE request = :unknown ORDER BY id;

-- The period is extended once, and within the first month.
SELECT gdpr.extend_request(:unknown, '  ');
SELECT gdpr.extend_request(:unknown, 'two systems are searched');
SELECT due_at = gdpr.due_date(received_at, 3, 10) AS two_months_more FROM gdpr.request WHERE id = :unknown;
SELECT gdpr.extend_request(:unknown, 'and once more');
-- Attack: an extension, or a pause, when the month is over.
SELECT gdpr.open_request('access', 'rq.person', '4', now() - interval '70 days') AS overdue \gset
SELECT gdpr.extend_request(:overdue, 'we forgot');
SELECT gdpr.pause_request(:overdue, 'clarification', 'What do you want?');
SELECT days_left < 0 AS late FROM gdpr.request_queue WHERE id = :overdue;
-- A holiday that becomes known moves what is open.
INSERT INTO gdpr.public_holiday SELECT gdpr.local_date(due_at), 'strike' FROM gdpr.request WHERE id = :access;
SELECT due_at = gdpr.due_date(received_at) AS moved FROM gdpr.request WHERE id = :access;
SELECT gdpr.local_date(due_at) > (SELECT day FROM gdpr.public_holiday WHERE name = 'strike') AS later FROM gdpr.request WHERE id = :access;
DELETE FROM gdpr.public_holiday WHERE name = 'strike';
UPDATE gdpr.controller SET time_zone = 'America/New_York';
SELECT due_at = gdpr.due_date(received_at, time_zone => 'America/New_York') AS moved FROM gdpr.request WHERE id = :access;

-- Assigned.
SELECT gdpr.assign_request(:overdue, 'rq_app');
SELECT gdpr.assign_request(:overdue, 'rq_second', 'not an address');
SELECT gdpr.assign_request(:overdue, 'rq_second', 'second@shop.example');
SELECT assignee FROM gdpr.request_queue WHERE id = :overdue;
-- Reminded before the due date: the assignee, or else the protection officer.
RESET ROLE;
UPDATE gdpr.request SET due_at = now() + interval '1 day' WHERE id = :objection2;
SET ROLE rq_officer;
CALL gdpr.run_due_work('requests: remind');
CALL gdpr.run_due_work('requests: remind');
SELECT template, address, parameters::jsonb ->> 'request' = :'overdue' AS overdue, parameters::jsonb ->> 'kind' AS kind, subject_table
  FROM gdpr.outbox WHERE template = 'request_due' ORDER BY id;
RESET ROLE;
SELECT job, error FROM gdpr.work_run WHERE job = 'requests: remind';
SET ROLE rq_officer;
SELECT event, note ~ '^-?\d+ days left$' AS said FROM gdpr.request_event WHERE event = 'escalated' ORDER BY id;

-- Access, with its duplicate: rendered when it is sent, to the address on file.
SELECT gdpr.verify_identity(:access, 'signed in');
SELECT gdpr.fulfil_request(:access);
SELECT state, closed_at IS NOT NULL AS closed FROM gdpr.request WHERE id IN (:access, :again) ORDER BY id;
SELECT o.template, o.attachment, o.subject_table, o.key, o.address, r.id = :access AS answer
  FROM gdpr.request r JOIN gdpr.outbox o ON o.id = r.answer;
-- What others wrote is read by an officer first (Art. 15(4)).
SELECT gdpr.open_request('access', 'rq.person', '2', contact => 'bruno@example.it') AS review \gset
SELECT gdpr.verify_identity(:review, 'signed in');
SELECT gdpr.release_request(:review);
SELECT gdpr.fulfil_request(:review);
SELECT state FROM gdpr.request_queue WHERE id = :review;
SELECT count(*) AS mailed FROM gdpr.outbox WHERE template = 'access' AND key = '2';
-- Attack: an answer in review is handed out all the same.
SELECT gdpr.fulfil_request(:review, 'handed');
SELECT gdpr.access('rq.person', '2') -> 'review' AS to_be_read;
SET ROLE rq_second;
SELECT gdpr.release_request(:review, 'no harm to the sender');
SET ROLE rq_officer;
SELECT gdpr.fulfil_request(:review);
SELECT count(*) AS mailed FROM gdpr.outbox WHERE template = 'access' AND key = '2';
-- What is closed stays so.
SELECT gdpr.fulfil_request(:access);
SELECT gdpr.refuse_request(:again, 'no');
SELECT gdpr.verify_identity(:overdue, 'passport shown');
SELECT gdpr.fulfil_request(:overdue);

-- The other kinds.
INSERT INTO gdpr.purpose (name, description, basis, balancing_test) VALUES ('ads', 'advertising', 'legitimate_interests', 'file 1'), ('offers', 'offers by mail', 'consent', NULL);
SELECT gdpr.fulfil_request(:objection);
SELECT key, purpose, automated, reason FROM gdpr.objection;
SELECT gdpr.give_consent('rq.person', '4', 'offers', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.open_request('withdrawal', 'rq.person', '4', way => 'phone') AS withdrawal \gset
SELECT gdpr.fulfil_request(:withdrawal);
SELECT gdpr.amend_request(:withdrawal, '"offers"');
SELECT gdpr.amend_request(:withdrawal, '{"purpose": "offers"}');
SELECT gdpr.fulfil_request(:withdrawal);
SELECT gdpr.has_consent('rq.person', '4', 'offers');
SELECT gdpr.open_request('automated_decision', 'rq.person', '4', details => '{"purpose": "ads", "reason": "no machines"}') AS automated \gset
SELECT gdpr.fulfil_request(:automated);
SELECT key, purpose, automated, reason ~ '^request \d+: no machines$' AS reasoned FROM gdpr.objection WHERE automated;
SELECT gdpr.open_request('rectification', 'rq.person', '4', details => '{"changes": {"city": "Trani"}}') AS rectification \gset
SELECT gdpr.verify_identity(:rectification, 'signed in');
SELECT gdpr.fulfil_request(:rectification);
SELECT gdpr.open_request('portability', 'rq.person', '4', way => 'web') AS portability \gset
SELECT gdpr.verify_identity(:portability, 'signed in');
SELECT gdpr.fulfil_request(:portability, 'pigeon');
SELECT gdpr.fulfil_request(:portability);
SELECT gdpr.record_disclosure('rq.person', '4', 'Courier & Co') > 0 AS disclosed;
SELECT gdpr.open_request('notification', 'rq.person', '4') AS notification \gset
SELECT gdpr.verify_identity(:notification, 'signed in');
SELECT gdpr.fulfil_request(:notification);
SELECT gdpr.open_request('restriction', 'rq.person', '4', details => '{"reason": "wrong"}') AS restriction \gset
SELECT gdpr.fulfil_request(:restriction);
SELECT kind, reason ~ '^request \d+: wrong$' AS reasoned FROM gdpr.restriction WHERE key = '4';
SELECT template, attachment, parameters::jsonb ->> 'recipients' AS recipients FROM gdpr.outbox WHERE key = '4' ORDER BY id;
RESET ROLE;
SELECT city FROM rq.person WHERE id = 4;

-- An answer that could not be delivered is none: the request is open again. What was done stays done.
SET client_min_messages = warning;
UPDATE gdpr.outbox o SET state = 'dead', error = '550 no such user' FROM gdpr.request r WHERE r.answer = o.id AND r.id IN (:portability, :rectification);
CALL gdpr.run_due_work('requests: reopen undelivered');
CALL gdpr.run_due_work('requests: reopen undelivered');
RESET client_min_messages;
SELECT kind, state, closed_at IS NULL AS open, answer FROM gdpr.request WHERE id IN (:portability, :rectification) ORDER BY id;
SELECT event, note FROM gdpr.request_event WHERE request IN (:portability, :rectification) AND event IN ('fulfilled', 'undelivered') ORDER BY id;
SET ROLE rq_officer;
SELECT gdpr.fulfil_request(:portability, 'handed');
SELECT event FROM gdpr.request_event WHERE request = :portability ORDER BY id;

-- Refused, with a reason, and withdrawn.
SET ROLE rq_officer;
SELECT gdpr.open_request('access', NULL, NULL, contact => 'someone@example.net', way => 'mail') AS stranger \gset
SELECT gdpr.refuse_request(:stranger, NULL);
SELECT gdpr.refuse_request(:stranger, 'you did not tell us who you are');
SELECT o.template, o.address, o.subject_table FROM gdpr.outbox o JOIN gdpr.request r ON r.answer = o.id WHERE r.id = :stranger;
SELECT gdpr.open_request('access', NULL, NULL, contact => 'Zeno, at the counter', way => 'person') AS nothing_held \gset
SELECT gdpr.fulfil_request(:nothing_held, 'handed', 'told that nothing is held');
SELECT gdpr.withdraw_request(:objection2, 'changed their mind');
SELECT state FROM gdpr.request WHERE id IN (:stranger, :nothing_held, :objection2) ORDER BY id;

-- Erasure: the receipt is on file, the person is not, nor in what else they asked.
SELECT gdpr.open_request('access', 'rq.person', '2', contact => 'bruno@example.it') AS unanswered \gset
SELECT gdpr.fulfil_request(:unknown);
SELECT r.state, r.key, r.contact, r.details, e.id IS NOT NULL AS receipt, r.received_at < r.closed_at AS dated
  FROM gdpr.request r LEFT JOIN gdpr.erasure e ON e.id = r.receipt AND e.reason = 'request ' || r.id WHERE r.id = :unknown;
SELECT state, key, contact, details FROM gdpr.request WHERE id = :unanswered;
SELECT event, note FROM gdpr.request_event WHERE request IN (:unknown, :unanswered, :review) ORDER BY id;
SELECT * FROM gdpr.verify_forgotten('rq.person', '2');
SELECT count(*) FROM gdpr.request r WHERE r::text ~* 'bruno|via po';
SELECT count(*) FROM gdpr.request_event e WHERE e::text ~* 'bruno|number on file';
-- Told where they said themselves.
SELECT gdpr.open_request('erasure', 'rq.person', '3', contact => 'carla@elsewhere.example') AS carla \gset
SELECT gdpr.verify_identity(:carla, 'signed in');
-- Attack: erasure under a legal hold changes nothing.
SELECT gdpr.hold('rq.person', '3', 'claim');
SELECT gdpr.fulfil_request(:carla);
SELECT state FROM gdpr.request WHERE id = :carla;
SELECT gdpr.release('rq.person', '3');
SELECT gdpr.fulfil_request(:carla);
SELECT template, address, key FROM gdpr.outbox WHERE address = 'carla@elsewhere.example' ORDER BY id;
SELECT state, receipt IS NOT NULL AS receipt, answer IS NOT NULL AS answer FROM gdpr.request WHERE id = :carla;

-- The row of whoever asked may go by other means: they are still to be answered, and whoever has the key later is not.
SELECT gdpr.open_request('access', 'rq.person', '5', contact => 'elsa@example.it') AS elsa \gset
SET ROLE rq_app;
DELETE FROM rq.person WHERE id = 5;
INSERT INTO rq.person VALUES (5, 'fabio@example.it', 'Como');
SET ROLE rq_officer;
SELECT state, key, contact FROM gdpr.request WHERE id = :elsa;
SELECT gdpr.verify_identity(:elsa, 'signed in');
SELECT gdpr.fulfil_request(:elsa, 'handed');
-- A changed key takes requests along.
SELECT gdpr.open_request('access', 'rq.person', '5') AS moving \gset
SET ROLE rq_app;
UPDATE rq.person SET id = 6 WHERE id = 5;
SET ROLE rq_officer;
SELECT key FROM gdpr.request WHERE id = :moving;

-- Attack: personal data in an error's text: keys and contacts are not repeated.
DO $$ BEGIN PERFORM gdpr.open_request('access', 'rq.person', 'anna@example.it'); EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'named: %', SQLERRM ~ 'anna'; END $$;

-- One person in several rows: who asks by another of them is answered with the first; a correction is of one row.
RESET ROLE;
SET client_min_messages = warning;
CREATE TABLE rq.contact (id int PRIMARY KEY, email text);
CREATE TABLE rq.lead (id int PRIMARY KEY, mail text);
SECURITY LABEL FOR gdpr ON TABLE rq.contact IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE rq.lead IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rq.contact.email IS 'personal, identifier, same_person';
SECURITY LABEL FOR gdpr ON COLUMN rq.lead.mail IS 'personal, identifier, same_person, encrypted';
CALL gdpr.apply();
INSERT INTO rq.contact VALUES (1, 'gina@example.it'), (2, 'hugo@example.it');
INSERT INTO rq.lead VALUES (1, 'gina@EXAMPLE.it'), (2, 'hugo@EXAMPLE.it'), (3, 'gina@example.it');
RESET client_min_messages;
SET ROLE rq_officer;
SELECT gdpr.open_request('access', 'rq.contact', '1', way => 'phone') AS gina \gset
SELECT gdpr.open_request('access', 'rq.lead', '1', way => 'phone') AS gina_lead \gset
SELECT gdpr.open_request('access', 'rq.lead', '3', way => 'phone') AS gina_lead3 \gset
SELECT gdpr.open_request('portability', 'rq.lead', '1', way => 'phone') AS another_kind \gset
SELECT gdpr.open_request('access', 'rq.lead', '2', way => 'phone') AS hugo \gset
SELECT gdpr.open_request('withdrawal', 'rq.contact', '1', details => '{"purpose": "ads"}') AS withdrawal \gset
SELECT gdpr.open_request('withdrawal', 'rq.lead', '1', details => '{"purpose": "ads"}') AS withdrawal_lead \gset
SELECT gdpr.open_request('withdrawal', 'rq.lead', '1', details => '{"purpose": "offers"}') AS another_purpose \gset
SELECT gdpr.open_request('rectification', 'rq.contact', '2', details => '{"changes": {}}') AS correction \gset
SELECT gdpr.open_request('rectification', 'rq.lead', '2', details => '{"changes": {}}') AS correction_lead \gset
SELECT gdpr.open_request('rectification', 'rq.lead', '2', details => '{"changes": {}}') AS correction_again \gset
SELECT kind, subject_table, key::text, duplicate_of - :gina AS of FROM gdpr.request WHERE id >= :gina ORDER BY id;
-- The row of one of them becomes another person's: it is not answered with the first.
SELECT gdpr.rectify('rq.lead', '3', '{"mail": "ines@example.it"}', 'mistyped');
SELECT gdpr.verify_identity(:gina, 'on file');
SELECT gdpr.fulfil_request(:gina, 'handed');
SELECT subject_table, key::text, state FROM gdpr.request WHERE kind = 'access' AND id >= :gina ORDER BY id;
SELECT event, note = 'with request ' || :gina AS with_the_first FROM gdpr.request_event WHERE request = :gina_lead ORDER BY id;
-- The row that the first was of goes by other means: that nothing is held of it answers nobody else.
RESET ROLE;
DELETE FROM rq.contact WHERE id = 1;
SET ROLE rq_officer;
SELECT gdpr.fulfil_request(:withdrawal, 'handed', 'nothing is held');
SELECT subject_table, key::text, state FROM gdpr.request WHERE kind = 'withdrawal' AND id >= :gina ORDER BY id;
-- Erased by one row, what is asked by the other is done.
SELECT gdpr.open_request('erasure', 'rq.contact', '2', way => 'phone') AS hugo_erasure \gset
SELECT gdpr.open_request('erasure', 'rq.lead', '2', way => 'phone') AS hugo_erasure_lead \gset
SELECT gdpr.verify_identity(:hugo_erasure_lead, 'on file');
SELECT gdpr.fulfil_request(:hugo_erasure_lead);
SELECT kind, key, state, receipt IS NOT NULL AS receipt FROM gdpr.request WHERE id >= :hugo_erasure OR id IN (:hugo, :correction, :correction_lead) ORDER BY id;
-- A placeholder makes no person of those who have it, and whoever of them asks is heard.
RESET ROLE;
INSERT INTO rq.contact SELECT g, 'none@example.it' FROM generate_series(101, 201) AS g;
SET ROLE rq_officer;
SELECT gdpr.access('rq.contact', '101');
SELECT gdpr.open_request('access', 'rq.contact', '101') > 0 AS opened;
SELECT gdpr.open_request('access', 'rq.contact', '102') > 0 AS opened;
-- Set at a time, by the index, however many requests there are.
RESET ROLE;
INSERT INTO gdpr.request (kind, subject_table, key, way, received_at, due_at) SELECT 'access', 'rq.lead', g::text, 'mail', now(), now() FROM generate_series(1000, 5000) AS g;
ANALYZE gdpr.request;
SELECT FROM pg_stat_force_next_flush();
BEGIN;
SELECT gdpr.open_request('access', 'rq.lead', '1', way => 'phone') > 0 AS opened;
SELECT seq_scan, idx_scan > 0 AS indexed FROM pg_stat_xact_user_tables WHERE relid = 'gdpr.request'::regclass;
ROLLBACK;

-- Some years later nobody can be named any more.
RESET ROLE;
UPDATE gdpr.request SET closed_at = now() - interval '4 years' WHERE id IN (:stranger, :nothing_held);
CALL gdpr.run_due_work('requests: forget contacts');
SELECT state, contact, details FROM gdpr.request WHERE id IN (:stranger, :nothing_held);
SELECT DISTINCT note FROM gdpr.request_event WHERE request IN (:stranger, :nothing_held);
UPDATE gdpr.request SET received_at = '2024-03-01', closed_at = '2024-03-05', due_at = gdpr.due_date('2024-03-01') WHERE id IN (:access, :again);
UPDATE gdpr.request SET received_at = '2024-03-01', closed_at = '2024-05-05', due_at = gdpr.due_date('2024-03-01') WHERE id = :overdue;
SET ROLE rq_auditor;
SELECT * FROM gdpr.request_statistics WHERE year = 2024;

RESET ROLE;
SET client_min_messages = warning;
TRUNCATE gdpr.request, gdpr.request_event, gdpr.public_holiday, gdpr.controller, gdpr.outbox, gdpr.erasure, gdpr.blocklist,
    gdpr.restriction, gdpr.objection, gdpr.consent_event, gdpr.disclosure;
DELETE FROM gdpr.purpose;
DROP SCHEMA rq CASCADE;
DROP ROLE rq_owner, rq_officer, rq_second, rq_auditor, rq_app;
