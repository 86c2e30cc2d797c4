-- Whom a person's data was disclosed to, and that those are told of an erasure.
CREATE SCHEMA rc;
CREATE ROLE rc_officer;
CREATE ROLE rc_app;
GRANT gdpr_officer TO rc_officer;
GRANT USAGE ON SCHEMA rc TO rc_officer, rc_app;
CREATE TABLE rc.person (id int PRIMARY KEY, email text);
INSERT INTO rc.person VALUES (1, 'anna@example.it'), (2, 'bruno@example.it'), (3, 'carla@example.it');
SECURITY LABEL FOR gdpr ON TABLE rc.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rc.person.email IS 'personal';
CALL gdpr.apply();

SET ROLE rc_officer;
SELECT gdpr.record_disclosure('rc.person', '1', 'Letter shop', 'newsletter', 'privacy@letters.example', 'customer 4711') IS NOT NULL AS recorded;
SELECT gdpr.record_disclosure('rc.person', '1', 'Letter shop', 'invoices', 'privacy@letters.example', 'customer 4711') IS NOT NULL AS recorded;
SELECT gdpr.record_disclosure('rc.person', ' 1 ', 'Revenue office') IS NOT NULL AS recorded;
SELECT gdpr.record_disclosure('rc.person', '2', 'Letter shop', NULL, 'privacy@letters.example', 'customer 4712') IS NOT NULL AS recorded;
SELECT gdpr.record_disclosure('rc.person', '4', 'Nobody');
SELECT gdpr.record_disclosure('rc.person', '1', NULL);
SELECT subject_table, key, recipient, purpose, address, reference FROM gdpr.disclosure ORDER BY id;

-- Each recipient is told once of each reference. What remains says that there was a disclosure, not whose.
SELECT * FROM gdpr.forget('rc.person', '1', 'request', true);
SELECT * FROM gdpr.forget('rc.person', '1', 'request');
SELECT * FROM gdpr.forget('rc.person', '1', 'again');
SELECT template, subject_table, key, recipient, address, reference, attachment FROM gdpr.outbox ORDER BY recipient;
SELECT subject_table, key, recipient, purpose, address, reference FROM gdpr.disclosure ORDER BY id;
SELECT * FROM gdpr.verify_forgotten('rc.person', '1');
RESET ROLE;

-- A disclosure follows a changed key, and ends with the row: who is given the key later inherits nothing.
UPDATE rc.person SET id = 20 WHERE id = 2;
SELECT key, reference FROM gdpr.disclosure WHERE key IS NOT NULL;
DELETE FROM rc.person WHERE id = 20;
INSERT INTO rc.person VALUES (20, 'new@example.it');
SELECT count(*) FROM gdpr.disclosure WHERE key IS NOT NULL OR reference IS NOT NULL;

-- Attack: the application records, reads or writes what is between officers and recipients.
SET ROLE rc_app;
SELECT gdpr.record_disclosure('rc.person', '3', 'Somebody');
SELECT * FROM gdpr.disclosure;
SELECT * FROM gdpr.outbox;
RESET ROLE;
SET ROLE rc_officer;
INSERT INTO gdpr.outbox (template, recipient, address) VALUES ('erased', 'x', 'attacker@example.it');
RESET ROLE;

SET client_min_messages = warning;
TRUNCATE gdpr.outbox, gdpr.disclosure, gdpr.erasure, gdpr.blocklist;
DROP SCHEMA rc CASCADE;
DROP ROLE rc_officer, rc_app;
