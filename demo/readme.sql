-- The example of README.md, in an empty database:
--   createdb example && psql -X -q -P footer=off -d example < demo/readme.sql
SET client_min_messages = warning;
CREATE EXTENSION gdpr CASCADE;
CREATE TABLE contact (id int PRIMARY KEY, email text UNIQUE, allergies text);
CREATE TABLE visit (id int PRIMARY KEY, contact_id int REFERENCES contact, day date, note text);
INSERT INTO contact VALUES (42, 'mario.rossi@example.it', 'nuts');
INSERT INTO visit VALUES (1, 42, '2026-03-02', 'asked for a refund');

SECURITY LABEL FOR gdpr ON TABLE  contact           IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.email     IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.allergies IS 'sensitive, encrypted';
CALL gdpr.apply();

SELECT * FROM contact WHERE email = 'mario.rossi@example.it';
SELECT * FROM gdpr.find('mario.rossi@example.it');
SELECT * FROM gdpr.forget('contact', '42', 'request 2026-117');
INSERT INTO contact VALUES (43, 'mario.rossi@example.it', NULL);
