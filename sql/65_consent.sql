-- Purposes, and consent to them: given, withdrawn, proven.
SET client_min_messages = warning;
CREATE SCHEMA consent;
CREATE ROLE consent_owner;
CREATE ROLE consent_app;
CREATE ROLE consent_officer IN ROLE gdpr_officer;
CREATE ROLE consent_auditor IN ROLE gdpr_auditor;
CREATE ROLE consent_admin IN ROLE gdpr_admin;
GRANT ALL ON SCHEMA consent TO consent_owner;
GRANT USAGE ON SCHEMA consent TO consent_app, consent_officer;
SET ROLE consent_owner;
CREATE TABLE consent.person (id int PRIMARY KEY, email text);
CREATE TABLE consent.member (club text, number int, name text, PRIMARY KEY (club, number));
CREATE TABLE consent.thing (id int PRIMARY KEY);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA consent TO consent_app;
SECURITY LABEL FOR gdpr ON TABLE consent.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN consent.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON TABLE consent.member IS 'subject';
INSERT INTO consent.person VALUES (1, 'anna@example.it'), (2, 'bruno@example.it');
INSERT INTO consent.member VALUES ('chess, go', 7, 'Carla');
RESET ROLE;
CALL gdpr.apply('consent.person');
CALL gdpr.apply('consent.member');
RESET client_min_messages;

-- Officers keep the record of purposes by plain SQL.
SET ROLE consent_officer;
INSERT INTO gdpr.purpose (name, description, basis, retention, recipients) VALUES
    ('newsletter', 'our monthly news', 'consent', NULL, '{mailer}'),
    ('profiling', 'offers made for you', 'consent', '1 year', '{}'),
    ('billing', 'the invoice', 'contract', '10 years', '{}');
UPDATE gdpr.purpose SET automated_decisions = 'a score of past orders' WHERE name = 'profiling';
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('x', 'x', 'curiosity');
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('News; letter', 'x', 'consent');
SELECT name, basis, retention, recipients, automated_decisions FROM gdpr.purpose ORDER BY name;

-- Given, and in force for that person and purpose only.
SELECT gdpr.has_consent('consent.person', '1', 'newsletter') AS before;
SELECT gdpr.give_consent('consent.person', '1', 'newsletter', '{"wording": "I want the news", "source": "web form"}') > 0 AS given;
SELECT gdpr.has_consent('consent.person', '1', 'newsletter') AS anna, gdpr.has_consent('consent.person', '2', 'newsletter') AS bruno,
       gdpr.has_consent('consent.person', '1', 'profiling') AS profiling;
-- A key is a value of the primary key, however it is written.
SELECT gdpr.has_consent('consent.person', ' 01 ', 'newsletter');
SELECT gdpr.give_consent('consent.member', '("chess, go", 7)', 'newsletter', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.has_consent('consent.member', '("chess, go",7)', 'newsletter');
SELECT subject_table, key, purpose, given, evidence FROM gdpr.consent ORDER BY key;
SELECT given, evidence FROM gdpr.consent WHERE subject_table = 'consent.person'::regclass AND key = '1';

-- Withdrawing needs no evidence and no permission of the purpose's basis; with nothing to withdraw it does nothing.
SELECT gdpr.withdraw_consent('consent.person', '2', 'newsletter') AS nothing_to_withdraw;
SELECT gdpr.withdraw_consent('consent.person', '1', 'newsletter') > 0 AS withdrawn;
SELECT gdpr.withdraw_consent('consent.person', '1', 'newsletter') AS twice;
SELECT gdpr.has_consent('consent.person', '1', 'newsletter');
-- The newest event wins, and the history stays.
SELECT gdpr.give_consent('consent.person', '1', 'newsletter', '{"wording": "I want the news again"}') > 0 AS given;
SELECT gdpr.has_consent('consent.person', '1', 'newsletter');
SELECT key, purpose, given, evidence ->> 'wording' AS wording, role = session_user AS by_session FROM gdpr.consent_event
 WHERE subject_table = 'consent.person'::regclass ORDER BY id;
UPDATE gdpr.purpose SET basis = 'contract', basis_note = 'part of the subscription' WHERE name = 'newsletter';
SELECT gdpr.withdraw_consent('consent.person', '1', 'newsletter', '{"by": "telephone"}') > 0 AS withdrawn_all_the_same;
UPDATE gdpr.purpose SET basis = 'consent' WHERE name = 'newsletter';

-- Every act is in the audit log, with its purpose; what had nothing to do is not.
SELECT operation, subject_table, key, note FROM gdpr.audit_log
 WHERE operation ~ 'consent' AND relation::text ~ '^consent' ORDER BY id;

-- Refused, with what to do, and never with the key.
SELECT gdpr.give_consent('consent.person', '1', 'anna@example.it', '{"wording": "x"}');
\echo :LAST_ERROR_SQLSTATE
SELECT gdpr.give_consent('consent.person', '1', 'billing', '{"wording": "x"}');
\echo :LAST_ERROR_SQLSTATE
SELECT gdpr.give_consent('consent.person', '99', 'newsletter', '{"wording": "x"}');
\echo :LAST_ERROR_SQLSTATE
SELECT gdpr.withdraw_consent('consent.person', '99', 'newsletter');
SELECT gdpr.withdraw_consent('consent.person', '1', 'nothing');
SELECT gdpr.has_consent('consent.person', '1', 'nothing');
SELECT gdpr.give_consent('consent.person', 'anna@example.it', 'newsletter', '{"wording": "x"}');
SELECT gdpr.give_consent('consent.thing', '1', 'newsletter', '{"wording": "x"}');
SELECT gdpr.give_consent('consent.person', '1', 'newsletter', '{"source": "web form"}');
SELECT gdpr.give_consent('consent.person', '1', 'newsletter', '{"wording": ""}');
SELECT gdpr.give_consent('consent.person', '1', 'newsletter', '["wording"]');
SELECT gdpr.give_consent('consent.person', '1', 'newsletter', NULL);
SELECT gdpr.withdraw_consent('consent.person', NULL, 'newsletter');
SELECT gdpr.withdraw_consent('consent.person', '1', 'newsletter', '"by telephone"');
SELECT gdpr.has_consent('consent.person', NULL, 'newsletter') AS unknown;

-- A rollback takes consent back with everything else.
BEGIN;
SELECT gdpr.give_consent('consent.person', '2', 'newsletter', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.has_consent('consent.person', '2', 'newsletter') AS within;
ROLLBACK;
SELECT gdpr.has_consent('consent.person', '2', 'newsletter') AS after;

-- A purpose that somebody consented to cannot be deleted.
DELETE FROM gdpr.purpose WHERE name = 'newsletter';
DELETE FROM gdpr.purpose WHERE name = 'billing';

-- Attack: renaming a purpose would turn consent to news into consent to profiling.
BEGIN;
UPDATE gdpr.purpose SET name = 'old' WHERE name = 'profiling';
UPDATE gdpr.purpose SET name = 'profiling' WHERE name = 'newsletter';
ROLLBACK;

-- Attack: an officer rewrites history.
UPDATE gdpr.consent_event SET given = true;
DELETE FROM gdpr.consent_event;
TRUNCATE gdpr.consent_event;
INSERT INTO gdpr.consent_event (subject_table, key, purpose, given) VALUES ('consent.person', '2', 'newsletter', true);
UPDATE gdpr.consent SET given = true;
SELECT nextval('gdpr.consent_event_id_seq');
ALTER TABLE gdpr.consent_event DISABLE TRIGGER ALL;
CREATE RULE undo AS ON INSERT TO gdpr.consent_event DO INSTEAD NOTHING;
-- Attack: so does an admin, and an auditor, who may only read.
SET ROLE consent_admin;
UPDATE gdpr.consent_event SET given = true;
DELETE FROM gdpr.consent_event;
TRUNCATE gdpr.consent_event;
SET ROLE consent_auditor;
SELECT count(*) FROM gdpr.consent_event;
DELETE FROM gdpr.consent_event;
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('x', 'x', 'consent');

-- Attack: an application gives itself consent, or looks at that of others.
SET ROLE consent_app;
SELECT gdpr.give_consent('consent.person', '2', 'newsletter', '{"wording": "x"}');
SELECT gdpr.withdraw_consent('consent.person', '1', 'newsletter');
SELECT gdpr.has_consent('consent.person', '1', 'newsletter');
SELECT * FROM gdpr.consent;
SELECT * FROM gdpr.consent_event;
DELETE FROM gdpr.consent_event;
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('x', 'x', 'consent');

-- Attack: SQL in keys, purposes and evidence stays text.
SET ROLE consent_officer;
SELECT gdpr.give_consent('consent.person', '1'' OR true --', 'newsletter', '{"wording": "x"}');
SELECT gdpr.give_consent('consent.member', '("x'' OR true) --",7)', 'newsletter', '{"wording": "x"}');
SELECT gdpr.has_consent('consent.person', '2', 'newsletter'' OR true --');
SELECT gdpr.give_consent('consent.person', '2', 'newsletter', '{"wording": "''); DROP TABLE gdpr.purpose; --"}') > 0 AS given;
SELECT evidence FROM gdpr.consent WHERE subject_table = 'consent.person'::regclass AND key = '2';
RESET ROLE;
-- Attack: a table whose name and columns carry SQL, owned by whoever wants to become the extension's owner.
SET ROLE consent_owner;
CREATE TABLE consent."x"" t; DROP TABLE consent.person; --" ("id"" = 1 OR true --" int PRIMARY KEY);
SECURITY LABEL FOR gdpr ON TABLE consent."x"" t; DROP TABLE consent.person; --" IS 'subject';
INSERT INTO consent."x"" t; DROP TABLE consent.person; --" VALUES (5);
SET ROLE consent_officer;
SELECT gdpr.give_consent('consent."x"" t; DROP TABLE consent.person; --"', '5', 'newsletter', '{"wording": "x"}') > 0 AS given;
SELECT gdpr.give_consent('consent."x"" t; DROP TABLE consent.person; --"', '6', 'newsletter', '{"wording": "x"}');
SET ROLE consent_owner;
DROP TABLE consent."x"" t; DROP TABLE consent.person; --";
-- Attack: the owner's code in the type of the key must not run as the officer.
CREATE FUNCTION consent.peek(int) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE WARNING 'checked as %', current_user; RETURN true; END $$;
CREATE DOMAIN consent.id AS int CHECK (consent.peek(value));
CREATE TABLE consent.trap (id consent.id PRIMARY KEY);
SECURITY LABEL FOR gdpr ON TABLE consent.trap IS 'subject';
INSERT INTO consent.trap VALUES (1);
SET ROLE consent_officer;
SELECT gdpr.has_consent('consent.trap', '1', 'newsletter');
SELECT gdpr.give_consent('consent.trap', '1', 'newsletter', '{"wording": "x"}') > 0 AS given;
SET ROLE consent_owner;
DROP TABLE consent.trap;
-- Attack: the owner's own operator on their own table must not run as somebody else.
CREATE FUNCTION consent.spy(int, int) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE WARNING 'compared as %', current_user; RETURN true; END $$;
CREATE OPERATOR consent.= (LEFTARG = int, RIGHTARG = int, FUNCTION = consent.spy);
SET ROLE consent_officer;
SET search_path = consent, pg_catalog;
SELECT gdpr.has_consent('person', '2', 'newsletter');
SELECT gdpr.withdraw_consent('person', '2', 'newsletter') > 0 AS withdrawn;
RESET search_path;
RESET ROLE;

-- At rest the key and the evidence are ciphertext.
CREATE EXTENSION pageinspect;
CHECKPOINT;
SELECT count(*) > 0 AS pages, bool_or(position('I want'::bytea IN page) > 0) AS wording_at_rest,
       bool_or(position('chess'::bytea IN page) > 0) AS key_at_rest
  FROM (SELECT get_raw_page('gdpr.consent_event', n) AS page FROM generate_series(0, pg_relation_size('gdpr.consent_event') / 8192 - 1) n
        UNION ALL SELECT get_raw_page('gdpr.consent_event_subject', n) FROM generate_series(0, pg_relation_size('gdpr.consent_event_subject') / 8192 - 1) n) p;
DROP EXTENSION pageinspect;

SET client_min_messages = warning;
DROP SCHEMA consent CASCADE;
DELETE FROM gdpr.consent_event;
DELETE FROM gdpr.provenance_record;
DELETE FROM gdpr.purpose;
DROP ROLE consent_owner, consent_app, consent_officer, consent_auditor, consent_admin;
