-- Retention: rows and people whose time is over, kept rows, withdrawn consent.
SET client_min_messages = warning;
CREATE SCHEMA ret;
CREATE ROLE ret_owner;
CREATE ROLE ret_app;
CREATE ROLE ret_officer IN ROLE gdpr_officer;
CREATE ROLE ret_auditor IN ROLE gdpr_auditor;
GRANT ALL ON SCHEMA ret TO ret_owner;
GRANT USAGE ON SCHEMA ret TO ret_app, ret_officer, ret_auditor;
SET ROLE ret_owner;
CREATE TABLE ret.person (id int PRIMARY KEY, email text, taste text, score int, over date);
CREATE TABLE ret.ticket (id int PRIMARY KEY, person_id int REFERENCES ret.person, closed timestamptz, words text);
CREATE INDEX ticket_closed ON ret.ticket (closed);
CREATE TABLE ret.answer (id int PRIMARY KEY, ticket_id int REFERENCES ret.ticket, words text);
CREATE TABLE ret.invoice (id int PRIMARY KEY, person_id int REFERENCES ret.person, issued date, total numeric);
CREATE TABLE ret.log (at timestamptz, who text) PARTITION BY RANGE (at);
CREATE TABLE ret.log_old PARTITION OF ret.log FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE ret.log_new PARTITION OF ret.log FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);
CREATE TABLE ret.call (id int PRIMARY KEY, person_id int REFERENCES ret.person, day date, number text NOT NULL, seconds int);
CREATE TABLE ret.offer (id int PRIMARY KEY, person_id int REFERENCES ret.person, words text);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ret TO ret_app;
SECURITY LABEL FOR gdpr ON TABLE ret.person IS 'subject, purpose(ret_account), expires(over, retention)';
SECURITY LABEL FOR gdpr ON COLUMN ret.person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN ret.person.taste IS 'personal, purpose(ret_profile)';
SECURITY LABEL FOR gdpr ON COLUMN ret.person.score IS 'personal, derived, purpose(ret_profile, ret_offers)';
SECURITY LABEL FOR gdpr ON TABLE ret.ticket IS 'expires(closed, 2 years)';
SECURITY LABEL FOR gdpr ON TABLE ret.invoice IS 'keep(10 years, issued, legal_obligation)';
SECURITY LABEL FOR gdpr ON TABLE ret.log IS 'expires(at)';
SECURITY LABEL FOR gdpr ON TABLE ret.call IS 'expires(day, 6 months), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN ret.call.number IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE ret.offer IS 'purpose(ret_offers)';
INSERT INTO ret.person SELECT g, 'r' || g || '@example.it', 'tea', 7, NULL FROM generate_series(1, 12) g;
INSERT INTO ret.ticket SELECT g, 1 + g % 12, now() - interval '3 years', 'old' FROM generate_series(1, 24) g;
INSERT INTO ret.ticket SELECT g, 1 + g % 12, now() - interval '1 year', 'new' FROM generate_series(25, 36) g;
INSERT INTO ret.ticket VALUES (37, 1, NULL, 'open'), (38, 1, 'infinity', 'for ever');
INSERT INTO ret.answer SELECT g, g, 'an answer' FROM generate_series(1, 38) g;
INSERT INTO ret.log VALUES ('2020-05-05', 'a'), ('2024-12-31', 'b'), (now() - interval '1 minute', 'c'), (now() + interval '1 day', 'd');
INSERT INTO ret.call SELECT g, 1 + g % 12, current_date - 300, '+39 06 ' || g, g FROM generate_series(1, 12) g;
INSERT INTO ret.call VALUES (13, 1, current_date - 30, '+39 06 13', 13);
INSERT INTO ret.invoice VALUES (1, 5, current_date - 4000, 10), (2, 6, current_date - 100, 10);
INSERT INTO ret.offer SELECT g, g, 'buy' FROM generate_series(1, 12) g;
RESET ROLE;
SET client_min_messages = error;
CALL gdpr.apply();
RESET client_min_messages;
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation::text LIKE 'ret.%';
SET ROLE ret_officer;
INSERT INTO gdpr.purpose (name, description, basis, retention) VALUES
    ('ret_account', 'your account', 'contract', '1 year'), ('ret_profile', 'offers for you', 'consent', NULL), ('ret_offers', 'offers', 'consent', NULL);

-- The preview says what would be done.
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
-- Restricted and held people are left alone.
SELECT gdpr.restrict('ret.person', '3', 'disputes it');
SELECT gdpr.hold('ret.person', '4', 'claim 12/26');
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
CALL gdpr.expire();
RESET ROLE;
SELECT 'ticket' AS of, words, count(*), string_agg(DISTINCT person_id::text, ',') FILTER (WHERE words = 'old') AS people FROM ret.ticket GROUP BY 2
UNION ALL SELECT 'answer', NULL, count(*), NULL FROM ret.answer
UNION ALL SELECT 'log', who, 1, NULL FROM ret.log
UNION ALL SELECT 'call', CASE WHEN number LIKE '+39%' THEN 'as it was' ELSE 'anonymous' END, count(*), string_agg(person_id::text, ',' ORDER BY id) FILTER (WHERE number LIKE '+39%') FROM ret.call GROUP BY 2
ORDER BY 1, 2;
SELECT relation, action, ground, rows, role = session_user AS by_session FROM gdpr.expiry ORDER BY id;
-- Again there is nothing to do, and nothing is on record.
SET ROLE ret_officer;
CALL gdpr.expire();
SELECT count(*) FROM gdpr.expiry;
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
-- The audit log has that rows went, and none of their values.
SELECT relation, operation, count(*), count(old) AS with_values FROM gdpr.audit_log
 WHERE relation::text LIKE 'ret.%' AND operation = 'DELETE' GROUP BY 1, 2 ORDER BY relation::text;
SELECT gdpr.unrestrict('ret.person', '3', 'settled');
SELECT gdpr.release('ret.person', '4');
CALL gdpr.expire();
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;

-- People go by gdpr.forget(), when the longest retention of their purposes is over; nobody asked, so nobody is blocked.
RESET ROLE;
UPDATE ret.person SET over = current_date - 400 WHERE id IN (7, 8);
UPDATE ret.person SET over = current_date - 300 WHERE id = 9;
SET ROLE ret_officer;
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
CALL gdpr.expire();
SELECT relation, action, ground, rows FROM gdpr.expiry WHERE action = 'forget';
SELECT subject_table, reason::text, actions -> 0 AS first FROM gdpr.erasure ORDER BY id;
RESET ROLE;
SELECT string_agg(id::text, ',' ORDER BY id) AS people, (SELECT count(*) FROM gdpr.blocklist) AS blocked FROM ret.person;
-- A purpose without an end keeps them, whatever the date.
UPDATE ret.person SET over = current_date - 400 WHERE id = 9;
UPDATE gdpr.purpose SET retention = NULL WHERE name = 'ret_account';
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
UPDATE ret.person SET over = NULL;
UPDATE gdpr.purpose SET retention = '1 year' WHERE name = 'ret_account';

-- An erasure that a duty had put off is finished when the duty is over, and not before.
SET ROLE ret_officer;
SELECT relation, regexp_replace(action, '\d{4}-\d\d-\d\d', 'DATE') AS action FROM gdpr.forget('ret.person', '6', 'asked') WHERE relation::text LIKE 'ret.%' ORDER BY 1, 2;
CALL gdpr.expire();
RESET ROLE;
SELECT id, email LIKE 'erased%' OR email IS NULL AS blanked FROM ret.person WHERE id = 6;
SELECT kind, regexp_replace(reason::text, '\d{4}-\d\d-\d\d', 'DATE') FROM gdpr.restriction;
-- Ten years later.
ALTER TABLE ret.invoice DISABLE TRIGGER USER;
UPDATE ret.invoice SET issued = current_date - 4000;
ALTER TABLE ret.invoice ENABLE TRIGGER USER;
CALL gdpr.apply('ret.invoice');
UPDATE gdpr.restriction SET reason = 'kept until 2020-01-01';
SET ROLE ret_officer;
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
CALL gdpr.expire();
SELECT relation, action, ground, rows FROM gdpr.expiry WHERE action = 'finish erasure';
SELECT count(*) AS still_restricted FROM gdpr.restriction;
RESET ROLE;
SELECT count(*) AS left FROM ret.person WHERE id = 6;

-- A withdrawal erases what labels give purposes that rest on consent alone.
SET ROLE ret_officer;
SELECT gdpr.give_consent('ret.person', k, p, '{"wording": "yes"}') > 0 AS given FROM unnest('{10,11,12}'::text[]) k, unnest('{ret_profile,ret_offers}'::text[]) p;
SELECT gdpr.set_basis('ret.person', '12', 'ret_offers', 'contract', 'bought the offers') > 0 AS set;
SELECT * FROM gdpr.erasable_after_withdrawal('ret.person', '10', 'ret_profile');
SELECT * FROM gdpr.erasable_after_withdrawal('ret.person', '10', 'ret_offers');
SELECT * FROM gdpr.erasable_after_withdrawal('ret.person', '10', 'ret_account');
SELECT * FROM gdpr.erasable_after_withdrawal('ret.person', '12', 'ret_offers');
SELECT gdpr.withdraw_consent('ret.person', '10', 'ret_profile') > 0 AS withdrawn;
SELECT gdpr.withdraw_consent('ret.person', '11', 'ret_offers') > 0 AS withdrawn;
SELECT gdpr.withdraw_consent('ret.person', '11', 'ret_profile') > 0 AS withdrawn;
SELECT gdpr.withdraw_consent('ret.person', '12', 'ret_profile') > 0 AS withdrawn;
-- Who consented again is no longer concerned.
SELECT gdpr.give_consent('ret.person', '12', 'ret_profile', '{"wording": "yes, again"}') > 0 AS given;
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
CALL gdpr.expire();
SELECT relation, action, ground, rows, event IS NOT NULL AS of_event FROM gdpr.expiry WHERE ground = 'consent withdrawn' ORDER BY id;
RESET ROLE;
SELECT p.id, taste, score, count(o) AS offers FROM ret.person p LEFT JOIN ret.offer o ON o.person_id = p.id WHERE p.id >= 10 GROUP BY p.id ORDER BY p.id;
SET ROLE ret_officer;
CALL gdpr.expire();
SELECT count(*) FROM gdpr.expiry WHERE ground = 'consent withdrawn';

-- Attack: a trigger of the table's owner runs as the owner, not as the officer or whoever the job is.
SET ROLE ret_owner;
CREATE FUNCTION ret.peek() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE WARNING 'deleted as %, for %', current_user, tg_table_name; RETURN OLD; END $$;
CREATE TRIGGER peek BEFORE DELETE ON ret.ticket FOR EACH ROW EXECUTE FUNCTION ret.peek();
CREATE CONSTRAINT TRIGGER peek_later AFTER DELETE ON ret.ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ret.peek();
INSERT INTO ret.ticket VALUES (50, 1, now() - interval '3 years', 'old');
SET ROLE ret_officer;
CALL gdpr.expire();
-- Attack: a trigger keeps a row alive, or fails; the others go, and it is said.
SET ROLE ret_owner;
DROP TRIGGER peek_later ON ret.ticket;
CREATE OR REPLACE FUNCTION ret.peek() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF OLD.id = 51 THEN RETURN NULL; ELSIF OLD.id = 52 THEN RAISE EXCEPTION 'no'; END IF; RETURN OLD; END $$;
INSERT INTO ret.ticket SELECT g, 1, now() - interval '3 years', 'old' FROM generate_series(51, 55) g;
SET ROLE ret_officer;
CALL gdpr.expire();
SELECT * FROM gdpr.expiring WHERE relation::text LIKE 'ret.%' ORDER BY relation::text, action;
RESET ROLE;
SELECT string_agg(id::text, ',' ORDER BY id) FROM ret.ticket WHERE id > 50;
DROP TRIGGER peek ON ret.ticket;
-- What something kept hangs on stays as well.
SET client_min_messages = error;
SECURITY LABEL FOR gdpr ON TABLE ret.answer IS 'keep(5 years, day, legal_claims)';
ALTER TABLE ret.answer ADD day date;
INSERT INTO ret.answer VALUES (51, 51, 'kept', current_date - 10), (52, 52, 'no longer', current_date - 4000);
CALL gdpr.apply();
RESET client_min_messages;
SET ROLE ret_officer;
CALL gdpr.expire();
RESET ROLE;
SELECT t.id, a.words FROM ret.ticket t JOIN ret.answer a ON a.ticket_id = t.id WHERE t.id > 50;

-- Attack: a child of a restricted person hangs on somebody else's row; it must not be dragged along.
CREATE TABLE ret.share (id int PRIMARY KEY, ticket_id int REFERENCES ret.ticket ON DELETE CASCADE, person_id int REFERENCES ret.person);
SECURITY LABEL FOR gdpr ON TABLE ret.share IS 'owned(person_id), owned(ticket_id)';
SECURITY LABEL FOR gdpr ON TABLE ret.answer IS NULL;
DELETE FROM ret.answer WHERE ticket_id > 50;
INSERT INTO ret.share VALUES (1, 51, 3);
SET client_min_messages = error;
CALL gdpr.apply();
RESET client_min_messages;
SELECT gdpr.restrict('ret.person', '3', 'disputes it');
SET ROLE ret_officer;
CALL gdpr.expire();
RESET ROLE;
SELECT t.id, s.person_id FROM ret.ticket t JOIN ret.share s ON s.ticket_id = t.id;
SELECT gdpr.unrestrict('ret.person', '3', 'settled');

-- Attack: whose own time is over goes, but not with rows in which a restricted person has a part.
SELECT gdpr.restrict('ret.person', '3', 'disputes it');
DELETE FROM ret.share;
INSERT INTO ret.ticket VALUES (60, 5, now(), 'new');
INSERT INTO ret.share VALUES (2, 60, 3);
UPDATE ret.person SET over = current_date - 400 WHERE id = 5;
SET ROLE ret_officer;
CALL gdpr.expire();
RESET ROLE;
SELECT count(*) AS still_there FROM ret.person WHERE id = 5;
SELECT gdpr.unrestrict('ret.person', '3', 'settled');
SET ROLE ret_officer;
CALL gdpr.expire();
RESET ROLE;
SELECT id, (SELECT count(*) FROM ret.share) AS shared FROM ret.person WHERE id IN (3, 5);

-- What was kept goes when the time is over, however much it looks like a pseudonym: of a person in one row, and in two.
CREATE TABLE ret.patient (id int PRIMARY KEY, mail text, name text);
CREATE TABLE ret.scan (id int PRIMARY KEY, patient_id int NOT NULL REFERENCES ret.patient, made_on date, image bytea, vat text,
    positive boolean, note text);
SECURITY LABEL FOR gdpr ON TABLE ret.patient IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN ret.patient.mail IS 'personal, identifier, same_person(mail)';
SECURITY LABEL FOR gdpr ON COLUMN ret.patient.name IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE ret.scan IS 'owned(patient_id), erase(anonymize), keep(10 years, made_on, legal_obligation)';
SECURITY LABEL FOR gdpr ON COLUMN ret.scan.image IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ret.scan.vat IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ret.scan.positive IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN ret.scan.note IS 'personal';
CALL gdpr.apply();
INSERT INTO ret.patient VALUES (1, 'one@example.it', 'One'), (2, 'two@example.it', 'Two'), (3, ' two@EXAMPLE.it', 'Too');
INSERT INTO ret.scan SELECT id, id, current_date, 'image', '01234567890', true, NULL FROM ret.patient;
INSERT INTO ret.scan VALUES (4, 3, '1990-01-01', 'image', '01234567890', true, 'x');
SET ROLE ret_officer;
SELECT relation, regexp_replace(action, '\d{4}-\d\d-\d\d', 'DAY') AS action, rows FROM gdpr.forget('ret.patient', '1', 'asked')
 WHERE relation::text LIKE 'ret.%';
SELECT relation, regexp_replace(action, '\d{4}-\d\d-\d\d', 'DAY') AS action, rows FROM gdpr.forget('ret.patient', '2', 'asked')
 WHERE relation::text LIKE 'ret.%';
SELECT subject_table, person_rows FROM gdpr.erasure WHERE subject_table = 'ret.patient'::regclass ORDER BY id;
SELECT count(*) AS again FROM gdpr.forget('ret.patient', '3', 'asked');
SELECT count(*) AS left FROM gdpr.verify_forgotten('ret.patient', '2');
RESET ROLE;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE ret.scan SET made_on = '1990-01-01';
UPDATE gdpr.restriction SET reason = 'kept until 2000-01-01' WHERE kind = 'retention' AND subject_table = 'ret.patient'::regclass;
COMMIT;
SET ROLE ret_officer;
SELECT * FROM gdpr.verify_forgotten('ret.patient', '1');
CALL gdpr.expire();
RESET ROLE;
SELECT * FROM ret.scan ORDER BY id;
SELECT * FROM ret.patient ORDER BY id;
SELECT count(*) AS restricted FROM gdpr.restriction WHERE subject_table = 'ret.patient'::regclass;
SET ROLE ret_officer;
SELECT k AS key, (SELECT count(*) FROM gdpr.verify_forgotten('ret.patient', k)) AS left,
       (SELECT count(*) FROM gdpr.forget('ret.patient', k, 'again')) AS again FROM unnest('{1,2,3}'::text[]) AS k;
RESET ROLE;

-- Attack: who is no officer, and in a transaction block.
SET ROLE ret_app;
CALL gdpr.expire();
SELECT * FROM gdpr.expiring;
SELECT * FROM gdpr.expiry;
SELECT * FROM gdpr.erasable_after_withdrawal('ret.person', '10', 'ret_profile');
SET ROLE ret_auditor;
SELECT count(*) >= 0 AS previews FROM gdpr.expiring;
CALL gdpr.expire();
DELETE FROM gdpr.expiry;
SET ROLE ret_officer;
DELETE FROM gdpr.expiry;
BEGIN;
CALL gdpr.expire();
ROLLBACK;
RESET ROLE;

-- The same by the job.
INSERT INTO ret.log VALUES ('2020-05-05', 'z');
CALL gdpr.run_due_work('expire');
SELECT count(*) FROM ret.log WHERE who = 'z';

-- Entries of the blocklist that have lapsed go.
DELETE FROM gdpr.blocklist;
SET ROLE ret_officer;
SELECT gdpr.block('late@example.it', 'lapsed', '2020-01-01'), gdpr.block('soon@example.it', 'still there', now() + interval '1 day'),
       gdpr.block('never@example.it', 'for good');
CALL gdpr.run_due_work('blocklist: forget lapsed');
RESET ROLE;
SELECT ground FROM gdpr.blocklist ORDER BY ground;

-- A label that names no time says so.
SECURITY LABEL FOR gdpr ON TABLE ret.call IS 'expires(seconds)';
SELECT * FROM gdpr.expiring;
SECURITY LABEL FOR gdpr ON TABLE ret.call IS NULL;

SET client_min_messages = warning;
DROP SCHEMA ret CASCADE;
DELETE FROM gdpr.consent_event;
DELETE FROM gdpr.basis_event;
DELETE FROM gdpr.provenance_record;
DELETE FROM gdpr.restriction;
DELETE FROM gdpr.erasure;
DELETE FROM gdpr.expiry;
DELETE FROM gdpr.blocklist;
DELETE FROM gdpr.outbox;
DELETE FROM gdpr.purpose;
DROP ROLE ret_owner, ret_app, ret_officer, ret_auditor;
