-- One person in several subject tables, or several times in one: columns labelled same_person.
SET client_min_messages = warning;
CREATE ROLE same_person_owner;
CREATE ROLE same_person_crm;
CREATE ROLE same_person_officer;
CREATE ROLE same_person_app;
GRANT gdpr_officer TO same_person_officer;
CREATE SCHEMA sp;
GRANT USAGE ON SCHEMA sp TO PUBLIC;
GRANT CREATE ON SCHEMA sp TO same_person_owner, same_person_crm;
SET client_min_messages = notice;
SET ROLE same_person_owner;
CREATE TABLE sp.contact (id int PRIMARY KEY, email text, name text);
-- The word belongs to what recognises a person.
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.email IS 'personal, same_person';
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.email IS 'same_person, identifier';
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.email IS 'personal, identifier, same_persons';
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.email IS 'personal, identifier, same_person()';
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.email IS 'personal, identifier, same_person(a, b)';
SECURITY LABEL FOR gdpr ON TABLE sp.contact IS 'subject, same_person';
SECURITY LABEL FOR gdpr ON TABLE sp.contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.email IS 'personal, identifier, same_person';
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.name IS 'personal';
CREATE TABLE sp.visit (id int PRIMARY KEY, contact_id int REFERENCES sp.contact, note text);
RESET ROLE;
-- Attack: whoever has a table of their own joins their rows with people of another's, to have these in answers and erased.
SET ROLE same_person_crm;
CREATE TABLE sp.bait (id int PRIMARY KEY, mail text);
SECURITY LABEL FOR gdpr ON TABLE sp.bait IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN sp.bait.mail IS 'personal, identifier, same_person';
SECURITY LABEL FOR gdpr ON COLUMN sp.bait.mail IS 'personal, identifier, same_person(of_ours)';
DROP TABLE sp.bait;
RESET ROLE;
GRANT REFERENCES (email) ON sp.contact TO same_person_crm;
SET ROLE same_person_crm;
-- Another owner's tables: a composite key, identifiers encrypted, of several lengths and types; a chain by another name.
CREATE TABLE sp.lead (region int, no int, mail varchar(80), phone text, note text, PRIMARY KEY (region, no)) PARTITION BY LIST (region);
CREATE TABLE sp.lead_7 PARTITION OF sp.lead FOR VALUES IN (7);
CREATE TABLE sp.lead_8 PARTITION OF sp.lead FOR VALUES IN (8);
SECURITY LABEL FOR gdpr ON TABLE sp.lead IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN sp.lead.mail IS 'personal, identifier, same_person, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN sp.lead.phone IS 'personal, identifier, same_person(Phone), encrypted';
CREATE TABLE sp.call (id int PRIMARY KEY, region int, no int, said text, FOREIGN KEY (region, no) REFERENCES sp.lead);
CREATE TABLE sp.member (id bigint PRIMARY KEY, phone char(20), number bigint, nick text);
SECURITY LABEL FOR gdpr ON TABLE sp.member IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN sp.member.phone IS 'personal, identifier, same_person(phone)';
SECURITY LABEL FOR gdpr ON COLUMN sp.member.number IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN sp.member.nick IS 'personal';
RESET ROLE;
GRANT REFERENCES ON sp.lead, sp.member TO same_person_owner;
SET ROLE same_person_owner;
-- Of both; and of the one while the other only handles it.
CREATE TABLE sp.deal (id int PRIMARY KEY, contact_id int REFERENCES sp.contact, region int, no int, sum int,
                      FOREIGN KEY (region, no) REFERENCES sp.lead);
SECURITY LABEL FOR gdpr ON TABLE sp.deal IS 'owned(contact_id), owned(region, no)';
SECURITY LABEL FOR gdpr ON COLUMN sp.deal.sum IS 'personal';
CREATE TABLE sp.ticket (id int PRIMARY KEY, contact_id int REFERENCES sp.contact, agent_id bigint REFERENCES sp.member, words text);
SECURITY LABEL FOR gdpr ON TABLE sp.ticket IS 'owned(contact_id), accessed(agent_id)';
SECURITY LABEL FOR gdpr ON COLUMN sp.ticket.words IS 'personal';
RESET ROLE;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sp TO same_person_app;
-- The indexes by which the rows are found are made by apply(); where the word goes, they go.
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE '%same_person%' AND relation::text LIKE 'sp.%';
SET client_min_messages = warning;
CALL gdpr.apply();
SET client_min_messages = notice;
SELECT indexrelid::regclass::text AS index, pg_get_expr(indexprs, indrelid) FROM pg_index WHERE indexrelid::regclass::text LIKE 'sp.%same\_person%' ORDER BY 1;
SELECT relation, action FROM gdpr.plan() WHERE relation::text LIKE 'sp.%';

SELECT subject_table, relation, keys FROM gdpr.data_map WHERE kind = 'same_person' ORDER BY subject_table::text, relation::text;
SELECT line FROM string_to_table(gdpr.data_map_dot(), E'\n') AS line WHERE line LIKE '%dir=none%';
INSERT INTO sp.contact VALUES (1, 'Mario.Rossi@Example.IT', 'Mario'), (2, 'anna@example.it', 'Anna'), (3, ' Mario.Rossi@example.it ', 'M. Rossi'), (4, NULL, 'nobody'), (5, 'mario.rossi@example.it', 'written otherwise before the @');
INSERT INTO sp.lead VALUES (7, 1, 'Mario.Rossi@EXAMPLE.it', '+39 02 555-1234', 'fair'), (7, 2, 'anna.b@example.it', '+39 06 1', ''), (8, 3, NULL, NULL, 'empty');
INSERT INTO sp.member VALUES (10, '0039 02 5551234', 2, 'super'), (11, '+39 06 2', 1, 'other'), (12, NULL, NULL, 'none');
INSERT INTO sp.visit VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c');
INSERT INTO sp.call VALUES (1, 7, 1, 'hello'), (2, 7, 2, 'hi');
INSERT INTO sp.deal VALUES (1, 1, 7, 1, 100), (2, 1, 7, 2, 200), (3, 2, 7, 1, 300), (4, 2, NULL, NULL, 400);
INSERT INTO sp.ticket VALUES (1, 1, 10, 'mine'), (2, 2, 10, 'of Anna'), (3, 1, 11, 'handled by another');
CREATE TABLE sp.bet (id int PRIMARY KEY, by_contact int REFERENCES sp.contact, by_member bigint REFERENCES sp.member);

-- A table of the graph of any of them that is undecided refuses for all; for others it does not.
SET ROLE same_person_officer;
SELECT gdpr.access('sp.contact', '1');
SELECT * FROM gdpr.forget('sp.member', '10', 'test', true);
SELECT gdpr.restrict('sp.lead', '(7,1)', 'test');
SELECT jsonb_object_keys(gdpr.access('sp.lead', '(7,2)') -> 'data');
RESET ROLE;
DROP TABLE sp.bet;

-- Attack: whoever is no officer asks by the name of another row.
SET ROLE same_person_app;
SELECT gdpr.access('sp.member', '10');
SELECT * FROM gdpr.forget('sp.lead', '(7,1)', 'test', true);
RESET ROLE;

-- find() lists each; access() gives all, by whichever row the person is named.
SET ROLE same_person_officer;
SELECT * FROM gdpr.find('Mario.Rossi@example.it');
CREATE TEMPORARY TABLE answer AS SELECT gdpr.access('sp.contact', '1') AS by_contact, gdpr.access('sp.member', '10') AS by_member;
SELECT relation, rows FROM answer, jsonb_each(by_contact -> 'data') AS d (relation, rows) ORDER BY 1;
SELECT by_contact -> 'accessed' AS accessed, by_contact -> 'redacted' AS redacted FROM answer;
SELECT by_contact -> 'data' = by_member -> 'data' AS same_data, by_contact -> 'accessed' = by_member -> 'accessed' AS same_accessed FROM answer;
SELECT by_contact -> 'subject' AS named, jsonb_path_query_array(by_contact, '$.same_person[*].subject') AS others FROM answer;
SELECT by_member -> 'subject' AS named, jsonb_path_query_array(by_member, '$.same_person[*].subject') AS others FROM answer;
-- Who is alone is answered as ever.
SELECT gdpr.access('sp.contact', '5') ? 'same_person' AS linked, gdpr.access('sp.contact', '4') ? 'same_person' AS without_identifier;
SELECT file, CASE WHEN file = 'manifest.json' THEN convert_from(content, 'UTF8')::jsonb -> 'same_person' END AS same_person FROM gdpr.export('sp.contact', '1', 'json') ORDER BY 1;
SELECT convert_from(content, 'UTF8') FROM gdpr.export('sp.member', '10') WHERE file = 'sp.contact.csv';
SELECT jsonb_path_query_array(convert_from(content, 'UTF8')::jsonb, '$.same_person[*].subject') FROM gdpr.export('sp.member', '10', scope => 'access') WHERE file = 'particulars.json';
DROP TABLE answer;

-- Attack: of a role that sees masks, all would have one address.
RESET ROLE;
SELECT gdpr.assign_channel('same_person_officer', 'same_person');
SELECT gdpr.gate('personal', 'same_person', 'mask');
SET ROLE same_person_officer;
SELECT jsonb_path_query_array(gdpr.access('sp.contact', '1'), '$.same_person[*].subject'), gdpr.access('sp.contact', '2') ? 'same_person' AS anna;
RESET ROLE;
SELECT gdpr.gate('personal', 'same_person', 'show');
SELECT gdpr.assign_channel('same_person_officer', NULL);
SET ROLE same_person_officer;
SELECT operation, array_agg(subject_table || ' ' || key ORDER BY subject_table::text, key) FROM gdpr.audit_log WHERE operation IN ('access', 'export') AND subject_table::text LIKE 'sp.%' AND key IN ('(7,1)', '10') GROUP BY 1 ORDER BY 1;

-- Rectifying is of the row that is named, and may be of what made it the same person's.
SELECT gdpr.rectify('sp.member', '10', '{"nick": "the super"}', 'as they say');
SELECT gdpr.rectify('sp.member', '10', '{"sp.contact": {"1": {"name": "M"}}}', 'not by this name');
BEGIN;
SELECT gdpr.rectify('sp.member', '10', '{"phone": "+39 06 9"}', 'another number');
SELECT jsonb_object_keys(gdpr.access('sp.member', '10') -> 'data');
SELECT jsonb_path_query_array(gdpr.access('sp.contact', '1'), '$.same_person[*].subject');
ROLLBACK;
RESET ROLE;

-- A restriction is of all, and so is its end; and so is an objection.
SET ROLE same_person_officer;
SELECT gdpr.restrict('sp.contact', '3', 'disputed');
RESET ROLE;
SELECT subject_table, key::text, reason::text FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%' ORDER BY subject_table::text, key::text;
SET ROLE same_person_app;
SELECT (SELECT array_agg(id ORDER BY id) FROM sp.contact) AS contacts, (SELECT array_agg(no ORDER BY no) FROM sp.lead) AS leads, (SELECT array_agg(id ORDER BY id) FROM sp.member) AS members,
       (SELECT array_agg(id ORDER BY id) FROM sp.visit) AS visits, (SELECT array_agg(id ORDER BY id) FROM sp.call) AS calls, (SELECT array_agg(id ORDER BY id) FROM sp.deal) AS deals, (SELECT array_agg(id ORDER BY id) FROM sp.ticket) AS tickets;
-- Attack: a row of theirs is taken that they were not named by.
DELETE FROM sp.member WHERE id = 10;
UPDATE sp.lead SET mail = 'nobody@example.it' WHERE no = 1;
RESET ROLE;
SELECT (SELECT count(*) FROM sp.member WHERE id = 10) AS member, (SELECT mail FROM sp.lead WHERE no = 1) AS mail;
SET ROLE same_person_officer;
SELECT gdpr.unrestrict('sp.member', '10', 'settled');
SELECT gdpr.unrestrict('sp.lead', '(7,1)', 'settled already');
SELECT count(*) FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%';
SELECT gdpr.hold('sp.lead', '(7,1)', 'lawsuit');
SELECT * FROM gdpr.forget('sp.contact', '1', 'test', true);
SELECT gdpr.release('sp.contact', '1');
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('same_person_news', 'the newsletter', 'public_task');
SELECT gdpr.record_objection('sp.lead', '(7,1)', 'same_person_news') > 0 AS recorded;
SELECT subject_table, key::text FROM gdpr.objection WHERE purpose = 'same_person_news' ORDER BY subject_table::text, key::text;
SELECT gdpr.may_process('sp.member', '10', 'same_person_news');
SELECT gdpr.withdraw_objection('sp.contact', '3', 'same_person_news');
SELECT count(*) FROM gdpr.objection WHERE purpose = 'same_person_news';
SELECT gdpr.record_objection('sp.lead', '(7,1)', 'same_person_news') > 0 AS recorded;
SELECT gdpr.overrule_objection('sp.member', '10', 'same_person_news', 'compelling');
SELECT count(*) FROM gdpr.objection WHERE purpose = 'same_person_news' AND overruled_at IS NULL;
-- Consent is given by one row, and withdrawn of all.
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('same_person_offers', 'offers', 'consent');
SELECT gdpr.give_consent('sp.lead', '(7,1)', 'same_person_offers', '{"wording": "Yes.", "wording_version": "1", "locale": "en"}') > 0 AS given;
SELECT gdpr.has_consent('sp.lead', '(7,1)', 'same_person_offers') AS lead, gdpr.has_consent('sp.contact', '1', 'same_person_offers') AS contact;
SELECT gdpr.withdraw_consent('sp.contact', '1', 'same_person_offers') IS NOT NULL AS withdrawn;
SELECT gdpr.has_consent('sp.lead', '(7,1)', 'same_person_offers') AS lead;

-- One plan for all rows: the deal of contact and lead goes, since both are this person; the dry run says what the run does.
CREATE TEMPORARY TABLE dry AS SELECT * FROM gdpr.forget('sp.contact', '3', 'test', true);
SELECT count(*) FROM dry FULL JOIN gdpr.forget('sp.member', '10', 'test', true) AS other USING (relation, action, rows) WHERE dry IS NULL OR other IS NULL;
SELECT * FROM gdpr.forget('sp.lead', '(7,1)', 'request 1');
RESET ROLE;
SELECT subject_table, reason::text, actions = (SELECT jsonb_agg(jsonb_build_object('relation', relation::text, 'action', action, 'rows', rows)) FROM dry) AS as_dry FROM gdpr.erasure WHERE subject_table::text LIKE 'sp.%' ORDER BY id;
DROP TABLE dry;
SELECT id, email FROM sp.contact ORDER BY 1;
SELECT region, no, mail FROM sp.lead ORDER BY 2;
SELECT id FROM sp.member ORDER BY 1;
SELECT id FROM sp.visit UNION ALL SELECT id FROM sp.call;
SELECT * FROM sp.deal ORDER BY 1;
SELECT * FROM sp.ticket ORDER BY 1;
SELECT count(*) FROM gdpr.audit_log WHERE subject_table::text LIKE 'sp.%' AND key IN ('1', '3', '10', '(7,1)');
SET ROLE same_person_officer;
SELECT * FROM gdpr.forget('sp.lead', '(7,1)', 'again');
SELECT * FROM gdpr.forget('sp.contact', '1', 'again');
SELECT * FROM gdpr.forget('sp.member', '10', 'again', true);
SELECT r.subject_table, v.* FROM (SELECT id, subject_table FROM gdpr.erasure WHERE subject_table::text LIKE 'sp.%') AS r, gdpr.verify_forgotten(r.id) AS v;
SELECT * FROM gdpr.verify_forgotten('sp.contact', '3');
-- Who comes back is recognised by what any of the rows had, and is a new person.
RESET ROLE;
INSERT INTO sp.member VALUES (13, '+39025551234', NULL, 'back');
SET ROLE same_person_officer;
SELECT gdpr.access('sp.member', '13') ? 'same_person' AS linked;
SELECT * FROM gdpr.verify_forgotten('sp.contact', '1');
SELECT * FROM gdpr.forget('sp.contact', '1', 'not of who came back');
RESET ROLE;

-- By one name nothing is compared with what has another.
INSERT INTO sp.contact VALUES (8, '+39 05 5', 'a number in the place of an address');
INSERT INTO sp.lead VALUES (8, 8, NULL, '+39 05 5', '');
SET ROLE same_person_officer;
SELECT gdpr.access('sp.lead', '(8,8)') ? 'same_person' AS linked;
RESET ROLE;

-- What is kept keeps the person restricted by the rows that stay, and by no others.
ALTER TABLE sp.deal ADD until date;
SECURITY LABEL FOR gdpr ON TABLE sp.deal IS 'owned(contact_id), owned(region, no), keep(10 years, until, legal_obligation)';
SET client_min_messages = warning;
CALL gdpr.apply();
SET client_min_messages = notice;
INSERT INTO sp.contact VALUES (20, 'carla@example.it', 'Carla');
INSERT INTO sp.lead VALUES (8, 20, 'carla@EXAMPLE.it', NULL, '');
INSERT INTO sp.deal VALUES (20, 20, NULL, NULL, 1, current_date);
SET ROLE same_person_officer;
SELECT relation, regexp_replace(action, '\d{4}-\d\d-\d\d', 'DAY') AS action, rows FROM gdpr.forget('sp.lead', '(8,20)', 'test');
SELECT * FROM gdpr.forget('sp.contact', '20', 'again');
SELECT subject_table::text, key::text, kind FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%' ORDER BY 1;
RESET ROLE;
SELECT * FROM sp.contact WHERE id = 20;
SELECT no FROM sp.lead WHERE no = 20;

-- Who is restricted stays so by rows that are stored later, whatever path they come by, in the statement that stores them.
INSERT INTO sp.contact VALUES (30, 'ida@example.it', 'Ida'), (31, 'leo@example.it', 'Leo');
INSERT INTO sp.member VALUES (30, '+39 06 30', NULL, 'of nobody yet'), (31, '+39 06 31', NULL, 'of nobody');
SET ROLE same_person_officer;
SELECT gdpr.restrict('sp.contact', '30', 'disputed', now() + interval '1 year');
SELECT gdpr.hold('sp.contact', '30', 'lawsuit');
SET ROLE same_person_app;
-- Attack: the person is stored once more, to have them in sight.
INSERT INTO sp.contact VALUES (32, ' ida@EXAMPLE.it', 'Ida again') RETURNING id;
INSERT INTO sp.lead VALUES (7, 32, 'ida@example.it', NULL, 'fair');
COPY sp.lead (region, no, mail) FROM stdin;
8	33	ida@example.it
8	34	leo@example.it
\.
INSERT INTO sp.contact AS c VALUES (33, 'eva@example.it', 'Eva');
MERGE INTO sp.contact AS c USING (VALUES (33, 'ida@example.it')) AS v (id, email) ON c.id = v.id WHEN MATCHED THEN UPDATE SET email = v.email;
-- What is of such a row is out of sight with it; others are stored as ever.
INSERT INTO sp.call VALUES (32, 7, 32, 'hello'), (34, 8, 34, 'hi');
SELECT (SELECT array_agg(id ORDER BY id) FROM sp.contact WHERE id >= 30) AS contacts, (SELECT array_agg(no ORDER BY no) FROM sp.lead WHERE no BETWEEN 30 AND 40) AS leads, (SELECT array_agg(id ORDER BY id) FROM sp.call WHERE id > 30) AS calls;
DELETE FROM sp.contact WHERE id = 32;
-- Two rows of one statement, joined by one another.
INSERT INTO sp.lead VALUES (7, 35, NULL, '+39 06 35', ''), (7, 36, 'ida@example.it', '0039-06-35', '');
-- A row that joins two people makes them one: both are restricted, lest half of one is in sight.
INSERT INTO sp.lead VALUES (7, 37, 'ida@example.it', '+39 06 30', '');
SELECT (SELECT array_agg(no ORDER BY no) FROM sp.lead WHERE no BETWEEN 30 AND 40) AS leads, (SELECT array_agg(id ORDER BY id) FROM sp.member WHERE id >= 30) AS members;
-- Made another's, a row is restricted from then on; and nobody can take it out again.
UPDATE sp.lead SET phone = '+39 06 30' WHERE no = 34;
SELECT array_agg(no ORDER BY no) FROM sp.lead WHERE no BETWEEN 30 AND 40;
UPDATE sp.lead SET mail = NULL, phone = NULL WHERE no = 34;
RESET ROLE;
-- With the kind, the end and the reason of the first; known as done by who stored them.
SELECT subject_table::text, key::text, kind, reason::text, until > now() + interval '11 months' AS until, role = session_user AS by_officer FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%' AND key NOT IN ('20') ORDER BY 1, 2, 3;
SELECT DISTINCT subject_table, key, operation, role FROM gdpr.audit_log WHERE operation IN ('restrict', 'hold') AND key IN ('32', '(7,32)') ORDER BY 1, 2, 3;
-- Lifted of all. What an officer corrects into another's is restricted, too.
SET ROLE same_person_officer;
SELECT gdpr.release('sp.lead', '(7,36)');
SELECT gdpr.unrestrict('sp.member', '30', 'settled');
SELECT count(*) FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%' AND kind <> 'retention';
SELECT gdpr.unrestrict('sp.contact', '30', 'settled already');
RESET ROLE;
DELETE FROM sp.call WHERE no = 34;
DELETE FROM sp.lead WHERE no = 34;
INSERT INTO sp.lead VALUES (7, 40, 'max@example.it', NULL, '');
SET ROLE same_person_officer;
SELECT gdpr.restrict('sp.contact', '31', 'disputed');
SELECT gdpr.rectify('sp.member', '31', '{"phone": "+39 06 38"}', 'as they say');
SELECT gdpr.rectify('sp.contact', '31', '{"email": "max@example.it"}', 'as they say');
RESET ROLE;
SET ROLE same_person_app;
INSERT INTO sp.lead VALUES (7, 38, 'MAX@example.it', '+39 06 39', ''), (7, 39, 'max@example.it', '+39 06 38', '');
RESET ROLE;
SELECT subject_table::text, key::text FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%' AND kind <> 'retention' ORDER BY 1, 2;
SET ROLE same_person_officer;
SELECT gdpr.unrestrict('sp.contact', '31', 'settled');
RESET ROLE;
-- What is kept of somebody forgotten restricts nobody who comes back.
INSERT INTO sp.lead VALUES (8, 21, 'carla@example.it', NULL, 'anew');
SELECT no FROM sp.lead WHERE no = 21;
SELECT count(*) FROM gdpr.restriction WHERE key = '(8,21)';
DELETE FROM sp.lead WHERE no = 21;
-- Without an index, too, which plan() tells of.
DROP INDEX sp.contact_email_same_person;
SELECT relation, action FROM gdpr.plan() WHERE relation::text LIKE 'sp.%';
SET ROLE same_person_officer;
SELECT gdpr.restrict('sp.contact', '31', 'disputed');
SET ROLE same_person_app;
INSERT INTO sp.contact VALUES (34, 'Max@EXAMPLE.it', 'domain only'), (35, 'max@EXAMPLE.it', 'the same');
SELECT id FROM sp.contact WHERE id IN (34, 35);
SET ROLE same_person_officer;
SELECT gdpr.unrestrict('sp.contact', '35', 'settled');
SELECT subject_table, key::text FROM gdpr.restriction WHERE subject_table::text LIKE 'sp.%' AND kind <> 'retention';
RESET ROLE;
SET client_min_messages = warning;
CALL gdpr.apply('sp.contact');
SET client_min_messages = notice;
DELETE FROM sp.call WHERE id > 30;
DELETE FROM sp.contact WHERE id >= 30;
DELETE FROM sp.lead WHERE no BETWEEN 30 AND 40;
DELETE FROM sp.member WHERE id >= 30;

-- Where no label says so they are two people, and the dry run mentions the other.
SET ROLE same_person_crm;
CREATE TABLE sp.guest (id int PRIMARY KEY, mail text);
CREATE INDEX ON sp.guest (mail);
SECURITY LABEL FOR gdpr ON TABLE sp.guest IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN sp.guest.mail IS 'personal, identifier';
INSERT INTO sp.guest VALUES (1, 'anna@example.it'), (2, 'anna@example.it'), (3, 'dora@example.it');
SET ROLE same_person_officer;
SELECT * FROM gdpr.forget('sp.contact', '2', 'test', true);
SELECT gdpr.access('sp.guest', '1') ? 'same_person' AS linked;
RESET ROLE;
-- What was not one person when they were forgotten is what is left of them once a label says that it is.
SET ROLE same_person_officer;
SET client_min_messages = warning;
SELECT count(*) > 0 AS forgotten FROM gdpr.forget('sp.contact', '2', 'test');
SET client_min_messages = notice;
SELECT * FROM gdpr.verify_forgotten('sp.contact', '2');
SET ROLE same_person_crm;
SECURITY LABEL FOR gdpr ON COLUMN sp.guest.mail IS 'personal, identifier, same_person';
SET ROLE same_person_officer;
SELECT * FROM gdpr.verify_forgotten('sp.contact', '2');
RESET ROLE;

-- Attack: a placeholder would make one person of all who have it.
INSERT INTO sp.guest SELECT g, 'none@example.it' FROM generate_series(100, 200) g;
SET ROLE same_person_officer;
SELECT * FROM gdpr.forget('sp.guest', '150', 'test', true);
SELECT gdpr.access('sp.guest', '150');
RESET ROLE;
DELETE FROM sp.guest WHERE id = 100;
SET ROLE same_person_officer;
SELECT * FROM gdpr.forget('sp.guest', '150', 'test', true) WHERE relation::text LIKE 'sp.%';
RESET ROLE;

-- Through indexes, encrypted columns and every partition included.
SET client_min_messages = warning;
CALL gdpr.apply();
INSERT INTO sp.guest SELECT g, 'g' || g || '@example.it' FROM generate_series(3001, 4000) g;
INSERT INTO sp.contact SELECT g, 'g' || g || '@example.it' FROM generate_series(3001, 4000) g;
INSERT INTO sp.lead SELECT 7 + g % 2, g, 'g' || g || '@EXAMPLE.it', '+39 06 ' || 1000000 + g FROM generate_series(3001, 4000) g;
INSERT INTO sp.member SELECT g, '0039-06-' || 1000000 + g FROM generate_series(3001, 4000) g;
ANALYZE sp.guest, sp.contact, sp.lead, sp.member;
SET client_min_messages = notice;
-- What is counted for this transaction would begin with what was not yet reported of those before it.
SELECT FROM pg_stat_force_next_flush();
BEGIN;
SET LOCAL ROLE same_person_officer;
SELECT count(*) FROM gdpr.forget('sp.contact', '3333', 'test', true);
SELECT count(*) FROM jsonb_array_elements(gdpr.access('sp.member', '3334') -> 'same_person');
RESET ROLE;
SELECT relname, seq_scan, idx_scan > 0 AS indexed FROM pg_stat_xact_user_tables WHERE schemaname = 'sp' AND relname IN ('guest', 'contact', 'lead_7', 'lead_8', 'member') ORDER BY 1;
COMMIT;

-- The word goes, and comes back with encryption: the index of plaintext goes first.
SET client_min_messages = warning;
SECURITY LABEL FOR gdpr ON COLUMN sp.guest.mail IS 'personal, identifier';
SELECT action, statement FROM gdpr.plan() WHERE relation = 'sp.guest'::regclass;
SECURITY LABEL FOR gdpr ON COLUMN sp.guest.mail IS 'personal, identifier, same_person, encrypted';
SELECT action, statement FROM gdpr.plan() WHERE relation = 'sp.guest'::regclass;
CALL gdpr.apply();
\d sp.guest
SET ROLE same_person_officer;
SELECT count(*) FROM jsonb_array_elements(gdpr.access('sp.guest', '3335') -> 'same_person');
RESET ROLE;
-- Children that inherit have an index of their own; the DBA's own index serves as well.
CREATE TABLE sp.branch (id int PRIMARY KEY, mail text);
CREATE TABLE sp.branch_old (PRIMARY KEY (id)) INHERITS (sp.branch);
SECURITY LABEL FOR gdpr ON TABLE sp.branch IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN sp.branch.mail IS 'personal, identifier, same_person';
CREATE INDEX own ON sp.branch (gdpr.normalised(mail));
CREATE INDEX "not_same_person" ON sp.branch_old (gdpr.normalised(lower(mail)));
SELECT action, statement FROM gdpr.plan() WHERE relation::text LIKE 'sp.branch%' AND action LIKE '%same_person';
CALL gdpr.apply();
INSERT INTO sp.branch_old VALUES (1, 'g3335@example.it');
SET ROLE same_person_officer;
SELECT jsonb_path_query_array(gdpr.access('sp.branch', '1'), '$.same_person[*].subject');
RESET ROLE;

-- On a table whose rows are nobody, or a type whose text is not the same to everyone, the word says nothing: apply() tells.
CREATE TABLE sp.alias (id int PRIMARY KEY, contact_id int REFERENCES sp.contact, mail text);
SECURITY LABEL FOR gdpr ON COLUMN sp.alias.mail IS 'personal, identifier, same_person';
ALTER TABLE sp.contact ADD born date;
SECURITY LABEL FOR gdpr ON COLUMN sp.contact.born IS 'personal, identifier, same_person';
UPDATE sp.contact SET born = '2001-01-01' WHERE id IN (3333, 3334);
SET ROLE same_person_officer;
SELECT jsonb_path_query_array(gdpr.access('sp.contact', '3333'), '$.same_person[*].subject');
RESET ROLE;
SELECT action, statement FROM gdpr.plan() WHERE relation::text LIKE 'sp.%' AND action LIKE '%same_person';
CALL gdpr.apply('sp.alias');
CALL gdpr.apply('sp.contact');
CALL gdpr.apply();

-- Attack: the owner of an enforced table takes the word off, so that an officer forgets half of a person.
SET ROLE same_person_crm;
SECURITY LABEL FOR gdpr ON COLUMN sp.lead.mail IS 'personal, identifier, encrypted';
RESET ROLE;

DROP SCHEMA sp CASCADE;
DELETE FROM gdpr.consent_event WHERE purpose LIKE 'same_person%';
TRUNCATE gdpr.erasure, gdpr.blocklist, gdpr.outbox, gdpr.disclosure;
DELETE FROM gdpr.purpose WHERE name LIKE 'same_person%';
DROP ROLE same_person_owner, same_person_crm, same_person_officer, same_person_app;
