-- Where people came from, and what becomes of consent, provenance and restriction when their row changes or goes.
SET client_min_messages = warning;
CREATE SCHEMA prov;
CREATE ROLE prov_owner;
CREATE ROLE prov_app;
CREATE ROLE prov_officer IN ROLE gdpr_officer;
CREATE ROLE prov_admin IN ROLE gdpr_admin;
GRANT ALL ON SCHEMA prov TO prov_owner;
GRANT USAGE ON SCHEMA prov TO prov_app, prov_admin, prov_officer;
SET ROLE prov_owner;
CREATE TABLE prov.person (id int PRIMARY KEY, email text);
INSERT INTO prov.person VALUES (1, 'before@example.it');
CREATE TABLE prov.lead (region text, id int, name text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE prov.lead_it PARTITION OF prov.lead FOR VALUES IN ('it');
CREATE TABLE prov.lead_fr (name text, id int NOT NULL, region text NOT NULL);
ALTER TABLE prov.lead ATTACH PARTITION prov.lead_fr FOR VALUES IN ('fr');
CREATE TABLE prov.patient (id int PRIMARY KEY, name text);
CREATE TABLE prov.inpatient (ward text) INHERITS (prov.patient);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA prov TO prov_app;
GRANT SELECT ON prov.person TO prov_officer;
SECURITY LABEL FOR gdpr ON TABLE prov.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN prov.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON TABLE prov.lead IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE prov.patient IS 'subject';
RESET ROLE;
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('newsletter', 'our monthly news', 'consent');
RESET client_min_messages;
SELECT relation, statement FROM gdpr.plan() WHERE action = 'create provenance trigger' AND relation::text LIKE 'prov.%';
SET ROLE prov_admin;
CALL gdpr.apply('prov.person');
CALL gdpr.apply('prov.lead');
CALL gdpr.apply('prov.patient');
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE action ~ 'provenance' AND relation::text LIKE 'prov.%';
RESET ROLE;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname ~ 'provenance' ORDER BY tgrelid::regclass::text, tgname;
CREATE FUNCTION prov.sources() RETURNS TABLE (of text, key text, kind text, name text, address inet, role name)
    LANGUAGE sql AS 'SELECT subject_table::text, key::text, kind, name, address, role FROM gdpr.provenance ORDER BY 1, 2';

-- An application without any right on the extension's tables stores people; the session tells where from.
SET ROLE prov_app;
SET application_name = 'psql';
INSERT INTO prov.person VALUES (2, 'typed@example.it');
SET application_name = 'shop';
INSERT INTO prov.person VALUES (3, 'api@example.it') RETURNING id;
COPY prov.person FROM stdin;
4	copied@example.it
\.
SELECT gdpr.set_source('webform', 'contact page', '203.0.113.7');
INSERT INTO prov.person VALUES (5, 'form@example.it');
COPY prov.person FROM stdin;
6	form2@example.it
\.
SELECT * FROM gdpr.provenance;
SET ROLE prov_officer;
SELECT * FROM prov.sources();
SELECT kind, name, host(address) FROM gdpr.provenance WHERE subject_table = 'prov.person'::regclass AND key = '5';

-- Later changes never overwrite the first source.
SET ROLE prov_app;
SELECT gdpr.set_source('integration', 'partner');
UPDATE prov.person SET email = 'new@example.it' WHERE id = 5;
INSERT INTO prov.person VALUES (5, 'again@example.it') ON CONFLICT (id) DO UPDATE SET email = excluded.email;
INSERT INTO prov.person VALUES (5, 'again@example.it') ON CONFLICT DO NOTHING;
SET ROLE prov_officer;
SELECT * FROM prov.sources() WHERE key = '5';

-- Set for the session, it goes with a rollback; set locally, with the transaction.
SET ROLE prov_app;
BEGIN;
SELECT gdpr.set_source('import', 'lost.csv');
SHOW gdpr.source_name;
ROLLBACK;
SHOW gdpr.source_kind;
SHOW gdpr.source_name;
BEGIN;
SAVEPOINT s;
SELECT gdpr.set_source('api', 'crm', '2001:db8::1');
ROLLBACK TO s;
SELECT gdpr.set_source('import', 'leads.csv', local => true);
INSERT INTO prov.person VALUES (7, 'lead@example.it');
COMMIT;
SHOW gdpr.source_name;
SELECT gdpr.set_source(NULL);
SHOW gdpr.source_kind;
SHOW gdpr.source_name;
SET ROLE prov_officer;
SELECT * FROM prov.sources() WHERE key = '7';

-- Refused: kinds that there are not, addresses that are none, without repeating them.
SET ROLE prov_app;
SELECT gdpr.set_source('gossip');
SELECT gdpr.set_source('', 'x');
SELECT gdpr.set_source(NULL, 'x');
SET gdpr.source_kind = 'gossip';
SET gdpr.source_address = 'anna@example.it';
SET gdpr.source_address = '203.0.113.300';
SET gdpr.source_address = '2001:db8::1';
RESET gdpr.source_address;
-- Attack: SQL in the name of a source stays text.
SELECT gdpr.set_source('webform', '''); DELETE FROM gdpr.provenance_record; --');
INSERT INTO prov.person VALUES (8, 'sql@example.it');
SELECT gdpr.set_source(NULL);

-- Attack: an application, an officer, an admin change where somebody came from.
UPDATE gdpr.provenance SET kind = 'manual';
DELETE FROM gdpr.provenance_record;
SET ROLE prov_officer;
UPDATE gdpr.provenance SET kind = 'manual';
DELETE FROM gdpr.provenance;
SELECT * FROM gdpr.provenance_record;
SET ROLE prov_admin;
DELETE FROM gdpr.provenance_record;
SELECT gdpr.record_provenance();
-- Attack: the trigger on a table where it has no business, or at a time where it has none.
SET ROLE prov_owner;
CREATE TABLE prov.thing (id int PRIMARY KEY);
CREATE TRIGGER forged AFTER INSERT ON prov.thing FOR EACH ROW EXECUTE FUNCTION gdpr.record_provenance();
INSERT INTO prov.thing VALUES (1);
DROP TRIGGER forged ON prov.thing;
CREATE TRIGGER forged BEFORE INSERT ON prov.thing FOR EACH ROW EXECUTE FUNCTION gdpr.record_provenance();
INSERT INTO prov.thing VALUES (2);
DROP TABLE prov.thing;
SET ROLE prov_officer;
SELECT of, key, name FROM prov.sources() WHERE key = '8' OR of ~ 'thing';

-- Attack: whoever is given a key later inherits consent, source or restriction of who had it before.
SELECT gdpr.give_consent('prov.person', '5', 'newsletter', '{"wording": "I agree"}') > 0 AS given;
SELECT gdpr.give_consent('prov.person', '6', 'newsletter', '{"wording": "I agree"}') > 0 AS given;
SELECT gdpr.give_consent('prov.person', '7', 'newsletter', '{"wording": "I agree"}') > 0 AS given;
RESET ROLE;
INSERT INTO gdpr.restriction (subject_table, key, kind) VALUES
    ('prov.person', '6', 'request'), ('prov.person', '6', 'retention'), ('prov.person', '7', 'request');
DELETE FROM prov.person WHERE id IN (5, 6);
SET ROLE prov_app;
INSERT INTO prov.person VALUES (5, 'other@example.it');
SET ROLE prov_officer;
SELECT gdpr.has_consent('prov.person', '5', 'newsletter');
SELECT * FROM prov.sources() WHERE key IN ('5', '6');
-- What stays of the events is that there were some.
SELECT key, purpose, given, evidence FROM gdpr.consent_event WHERE subject_table = 'prov.person'::regclass ORDER BY id;
SELECT key, kind FROM gdpr.restriction WHERE subject_table = 'prov.person'::regclass ORDER BY id;

-- A person who is given another key keeps everything, also when keys are passed on in one statement.
RESET ROLE;
ALTER TABLE prov.person DROP CONSTRAINT person_pkey, ADD PRIMARY KEY (id) DEFERRABLE;
UPDATE prov.person SET id = id + 1 WHERE id IN (4, 5, 7, 8);
SET ROLE prov_officer;
SELECT key, kind, name FROM prov.sources() WHERE of = 'prov.person';
SELECT gdpr.has_consent('prov.person', '8', 'newsletter');
SELECT key, kind FROM gdpr.restriction WHERE subject_table = 'prov.person'::regclass ORDER BY id;
-- The officer's mailing list; one on it is restricted.
SELECT gdpr.state_ground('consent', 'they asked for it');
SELECT email FROM prov.person JOIN gdpr.consent c ON c.key = person.id::text AND c.subject_table = 'prov.person'::regclass
 WHERE c.purpose = 'newsletter' AND c.given;
RESET ROLE;
SELECT id, email FROM prov.person ORDER BY id;

-- Consent recorded by the very statement that stores the person is theirs.
WITH stored AS (INSERT INTO prov.person VALUES (20, 'signup@example.it') RETURNING id)
SELECT gdpr.give_consent('prov.person', id::text, 'newsletter', '{"wording": "I agree"}') > 0 AS given FROM stored;
SELECT gdpr.has_consent('prov.person', '20', 'newsletter');
-- A key that is freed and taken again within one transaction starts anew.
BEGIN;
DELETE FROM prov.person WHERE id = 20;
INSERT INTO prov.person VALUES (20, 'next@example.it');
SELECT gdpr.has_consent('prov.person', '20', 'newsletter');
SELECT gdpr.give_consent('prov.person', '20', 'newsletter', '{"wording": "I agree"}') > 0 AS given;
SAVEPOINT s;
DELETE FROM prov.person WHERE id = 20;
ROLLBACK TO s;
COMMIT;
SELECT gdpr.has_consent('prov.person', '20', 'newsletter') AS as_before_the_savepoint;
SELECT key, kind FROM prov.sources() WHERE key = '20';

-- TRUNCATE, and rows that went without our trigger.
TRUNCATE prov.person;
SELECT count(*) FROM prov.sources() WHERE of = 'prov.person';
SELECT count(*) FROM gdpr.consent WHERE subject_table = 'prov.person'::regclass;
INSERT INTO prov.person VALUES (30, 'one@example.it');
SELECT gdpr.give_consent('prov.person', '30', 'newsletter', '{"wording": "I agree"}') > 0 AS given;
ALTER TABLE prov.person DISABLE TRIGGER gdpr_provenance;
DELETE FROM prov.person;
SELECT statement FROM gdpr.plan() WHERE relation = 'prov.person'::regclass;
CALL gdpr.apply('prov.person');
INSERT INTO prov.person VALUES (30, 'two@example.it');
SELECT gdpr.has_consent('prov.person', '30', 'newsletter');
SELECT key, kind FROM prov.sources() WHERE of = 'prov.person';

-- Also where triggers do not fire otherwise.
SET session_replication_role = replica;
INSERT INTO prov.person VALUES (31, 'replica@example.it');
RESET session_replication_role;
SELECT key FROM prov.sources() WHERE of = 'prov.person';

-- Partitions follow their table, new ones too; the owner attaches them. A move to another partition is no new person.
SET ROLE prov_owner;
CREATE TABLE prov.lead_de PARTITION OF prov.lead FOR VALUES IN ('de');
SET ROLE prov_app;
SELECT gdpr.set_source('webform', 'fair');
INSERT INTO prov.lead VALUES ('it', 1, 'Ugo'), ('fr', 2, 'Zoé'), ('de', 3, 'Jörg');
SELECT gdpr.set_source('manual');
RESET ROLE;
SELECT gdpr.give_consent('prov.lead', '(it,1)', 'newsletter', '{"wording": "I agree"}') > 0 AS given;
SET ROLE prov_app;
UPDATE prov.lead SET region = CASE region WHEN 'it' THEN 'fr' WHEN 'fr' THEN 'de' ELSE 'it' END;
RESET ROLE;
SELECT key, kind, name FROM prov.sources() WHERE of = 'prov.lead';
SELECT gdpr.has_consent('prov.lead', '(fr,1)', 'newsletter') AS moved, gdpr.has_consent('prov.lead', '(it,1)', 'newsletter') AS old_key;
-- Attack: a dropped partition leaves consent behind for whoever is given the key.
DROP TABLE prov.lead_fr;
CREATE TABLE prov.lead_fr PARTITION OF prov.lead FOR VALUES IN ('fr');
INSERT INTO prov.lead VALUES ('fr', 1, 'Aude');
SELECT gdpr.has_consent('prov.lead', '(fr,1)', 'newsletter');
SELECT key, kind, name FROM prov.sources() WHERE of = 'prov.lead';

-- Inheritance children have triggers of their own.
INSERT INTO prov.patient VALUES (1, 'Ada');
INSERT INTO prov.inpatient VALUES (2, 'Bea', 'north');
SELECT of, key FROM prov.sources() WHERE of ~ 'patient';
DELETE FROM prov.patient WHERE id = 2;
SELECT of, key FROM prov.sources() WHERE of ~ 'patient';

-- No label, no trigger.
SECURITY LABEL FOR gdpr ON TABLE prov.patient IS NULL;
INSERT INTO prov.patient VALUES (3, 'Cara');
SELECT relation, statement FROM gdpr.plan() WHERE action ~ 'provenance' AND relation::text LIKE 'prov.%';
CALL gdpr.apply('prov.patient');
CALL gdpr.apply('prov.inpatient');
SELECT tgrelid::regclass FROM pg_trigger WHERE tgname ~ 'provenance' AND tgrelid::regclass::text ~ 'patient';
SELECT of, key FROM prov.sources() WHERE of ~ 'patient';

-- At rest key, name and address are ciphertext.
SELECT gdpr.set_source('webform', 'visible-name', '203.0.113.99');
INSERT INTO prov.person VALUES (4711, 'x@example.it');
CREATE EXTENSION pageinspect;
SELECT count(*) > 0 AS pages, bool_or(position('visible-name'::bytea IN page) > 0) AS name_at_rest,
       bool_or(position('203.0.113.99'::bytea IN page) > 0) AS address_at_rest,
       bool_or(position('4711'::bytea IN page) > 0) AS key_at_rest
  FROM (SELECT get_raw_page('gdpr.provenance_record', n) AS page
          FROM generate_series(0, pg_relation_size('gdpr.provenance_record') / 8192 - 1) n) p;
DROP EXTENSION pageinspect;
SELECT gdpr.set_source(NULL);

SET client_min_messages = warning;
RESET application_name;
DROP SCHEMA prov CASCADE;
DELETE FROM gdpr.consent_event;
DELETE FROM gdpr.provenance_record;
DELETE FROM gdpr.restriction;
DELETE FROM gdpr.purpose;
DROP ROLE prov_owner, prov_app, prov_officer, prov_admin;
