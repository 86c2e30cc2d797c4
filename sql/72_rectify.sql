-- Keys put right: what gdpr knows of a person goes with theirs, and rows that only a label connects follow.
SET client_min_messages = warning;
CREATE SCHEMA rf;
CREATE ROLE rf_owner;
CREATE ROLE rf_officer;
GRANT gdpr_officer TO rf_officer;
GRANT ALL ON SCHEMA rf TO rf_owner;
GRANT USAGE ON SCHEMA rf TO rf_officer;
SET ROLE rf_owner;
CREATE TABLE rf.member (email text PRIMARY KEY, no int GENERATED ALWAYS AS IDENTITY UNIQUE, nick text UNIQUE, name text,
                        shout text GENERATED ALWAYS AS (upper(nick)) STORED);
-- By a foreign key that follows, by one that does not, by labels alone, from another person's row, polymorphic.
CREATE TABLE rf.loan (id int PRIMARY KEY, email text REFERENCES rf.member ON UPDATE CASCADE, book text, shelf text UNIQUE);
CREATE TABLE rf.fine (id int PRIMARY KEY, nick text REFERENCES rf.member (nick), amount numeric);
CREATE TABLE rf.visit (id int PRIMARY KEY, email text, day date);
CREATE TABLE rf.entry (code text PRIMARY KEY, visit int, door text);
CREATE TABLE rf.event (id int PRIMARY KEY, about text, kind text, email text);
CREATE TABLE rf.room (id int PRIMARY KEY, keeper text, code text);
INSERT INTO rf.member (email, nick, name) VALUES ('ada@rf.example', 'ada', 'Ada'), ('ben@rf.example', 'ben', 'Ben');
INSERT INTO rf.loan VALUES (1, 'ada@rf.example', 'SQL', 'A'), (2, 'ada@rf.example', 'C++', 'B'), (3, 'ben@rf.example', 'Law', 'C');
INSERT INTO rf.visit VALUES (1, 'ada@rf.example', '2026-01-01'), (2, 'ben@rf.example', '2026-01-02');
INSERT INTO rf.entry VALUES ('e1', 1, 'front'), ('e2', 2, 'back');
INSERT INTO rf.event VALUES (1, 'ada@rf.example', 'member', 'x'), (2, 'ada@rf.example', 'firm', 'y');
INSERT INTO rf.room VALUES (1, 'ada@rf.example', 'R1');
SECURITY LABEL FOR gdpr ON TABLE rf.member IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rf.member.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rf.member.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rf.loan.email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rf.visit.email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE rf.visit IS 'owned(email -> rf.member)';
SECURITY LABEL FOR gdpr ON TABLE rf.entry IS 'owned(visit -> rf.visit)';
SECURITY LABEL FOR gdpr ON TABLE rf.event IS 'owned(about -> rf.member when kind = ''member'')';
SECURITY LABEL FOR gdpr ON TABLE rf.room IS 'accessed(keeper -> rf.member)';
RESET ROLE;
CALL gdpr.apply();

SET ROLE rf_officer;
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('rf_news', 'Newsletter', 'consent');
SELECT gdpr.give_consent('rf.member', 'ada@rf.example', 'rf_news', '{"wording": "v1"}') IS NOT NULL AS given;
SELECT gdpr.restrict('rf.member', 'ada@rf.example', 'disputed');
SELECT gdpr.record_disclosure('rf.member', 'ada@rf.example', 'printer', 'rf_news', 'desk@printer.example', 'A-1') IS NOT NULL AS disclosed;
SELECT gdpr.rectify('rf.member', 'ada@rf.example', '{"email": "ada.l@rf.example", "name": "Ada L.", "rf.entry": {"e1": {"code": "e9", "door": "side"}},
    "rf.loan": {"1": {"book": "Standard SQL"}}, "rf.visit": {"1": {"id": 7, "day": "2026-02-01"}}}', 'married');
SELECT jsonb_pretty(a -> 'data') AS data, jsonb_pretty(a -> 'accessed') AS accessed FROM gdpr.access('rf.member', 'ada.l@rf.example') a;
SELECT a -> 'subject' ->> 'key' AS key, a #>> '{consents,0,purpose}' AS consent, a #>> '{restrictions,0,reason}' AS restricted,
       a #>> '{disclosures,0,recipient}' AS disclosed FROM gdpr.access('rf.member', 'ada.l@rf.example') a;
SELECT * FROM gdpr.access('rf.member', 'ada@rf.example');
SELECT gdpr.has_consent('rf.member', 'ada.l@rf.example', 'rf_news') AS has, gdpr.has_consent('rf.member', 'ben@rf.example', 'rf_news') AS other;
-- Recipients are told, once, of the person under what they know them by.
SELECT template, key::text, recipient, address::text, reference::text FROM gdpr.outbox WHERE subject_table = 'rf.member'::regclass ORDER BY id;
SELECT operation, key FROM gdpr.audit_log WHERE subject_table = 'rf.member'::regclass AND operation = 'rectify';
RESET ROLE;
SELECT * FROM rf.event ORDER BY 1;
SELECT id, email FROM rf.visit ORDER BY 1;

-- Refused, whole: identity and generated columns, a key that is taken, one that a foreign key holds.
INSERT INTO rf.fine VALUES (1, 'ada', 5);
SET ROLE rf_officer;
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"name": "half", "no": 77}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"name": "half", "shout": "X"}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"name": "half", "email": "ben@rf.example"}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"name": "half", "nick": "adal"}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"name": "half", "rf.loan": {"1": {"shelf": "C"}}}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"name": "half", "email": null}', 'r');
-- Attack: a person's rows given to somebody else, or somebody else's taken; a key moved onto another's.
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"rf.loan": {"1": {"email": "ben@rf.example"}}}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"rf.event": {"1": {"kind": "firm"}}}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"rf.event": {"2": {"email": "z"}}}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"rf.room": {"1": {"code": "R2"}}}', 'r');
SELECT gdpr.rectify('rf.member', 'ada.l@rf.example', '{"rf.loan": {"1": {"id": 3}}}', 'r');
RESET ROLE;
SELECT email, name FROM rf.member ORDER BY 1;
SELECT count(*) AS told FROM gdpr.outbox WHERE subject_table = 'rf.member'::regclass;

DELETE FROM gdpr.outbox WHERE subject_table = 'rf.member'::regclass;
DELETE FROM gdpr.disclosure WHERE subject_table = 'rf.member'::regclass;
DELETE FROM gdpr.restriction WHERE subject_table = 'rf.member'::regclass;
DELETE FROM gdpr.consent_event WHERE subject_table = 'rf.member'::regclass;
DELETE FROM gdpr.purpose WHERE name = 'rf_news';
DROP SCHEMA rf CASCADE;
DROP ROLE rf_owner, rf_officer;
