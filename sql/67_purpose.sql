-- Objections, purposes of sessions and roles, automated decisions; and many people at once.
CREATE SCHEMA pu;
CREATE ROLE pu_officer;
CREATE ROLE pu_admin;
CREATE ROLE pu_app;
CREATE ROLE pu_mailer;
CREATE ROLE pu_member;
GRANT pu_mailer TO pu_member;
GRANT gdpr_officer TO pu_officer;
GRANT gdpr_admin TO pu_admin;
GRANT USAGE ON SCHEMA pu TO pu_app, pu_mailer, pu_officer;
CREATE TABLE pu.person (id int PRIMARY KEY, mail text, code uuid UNIQUE, nick text UNIQUE);
CREATE TABLE pu.orders (id int PRIMARY KEY, person_id int REFERENCES pu.person);
CREATE INDEX orders_person ON pu.orders (person_id);
CREATE TABLE pu.line (id bigint PRIMARY KEY, order_id int REFERENCES pu.orders);
CREATE TABLE pu.token (id int PRIMARY KEY, code uuid REFERENCES pu.person (code));
CREATE TABLE pu.alias (id int PRIMARY KEY, nick varchar(20) REFERENCES pu.person (nick));
INSERT INTO pu.person SELECT g, 'p' || g || '@example.it', ('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid, 'nick' || g
  FROM generate_series(1, 2001) g;
INSERT INTO pu.orders SELECT g, 1 + g % 2000 FROM generate_series(1, 4000) g;
INSERT INTO pu.line SELECT g, 1 + g % 4000 FROM generate_series(1, 8000) g;
INSERT INTO pu.token SELECT g, ('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid FROM generate_series(1, 2000) g;
INSERT INTO pu.alias SELECT g, 'nick' || g FROM generate_series(1, 2000) g;
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA pu TO pu_app, pu_mailer;
SECURITY LABEL FOR gdpr ON TABLE pu.person IS 'subject';
SET client_min_messages = warning;
CALL gdpr.apply();
RESET client_min_messages;
ANALYZE pu.person, pu.orders, pu.line;
SET ROLE pu_officer;
INSERT INTO gdpr.purpose (name, description, basis, balancing_test, direct_marketing) VALUES ('pu_offers', 'Offers by mail', 'legitimate_interests', 'file 1', true);
INSERT INTO gdpr.purpose (name, description, basis, balancing_test, automated_decisions) VALUES
    ('pu_score', 'Credit score', 'legitimate_interests', 'file 2', 'a sum'), ('pu_news', 'Newsletter', 'consent', NULL, NULL);

-- An objection binds at once, for its purpose alone.
SELECT gdpr.record_objection('pu.person', '1', 'pu_score', 'not me') > 0 AS recorded;
SELECT gdpr.record_objection('pu.person', '1', 'pu_score') = (SELECT id FROM gdpr.objection WHERE purpose = 'pu_score') AS the_same;
SELECT gdpr.record_objection('pu.person', '2', 'pu_offers') > 0 AS recorded;
SELECT gdpr.record_objection('pu.person', '9999', 'pu_offers');
SELECT gdpr.record_objection('pu.person', '1', 'nothing');
SELECT gdpr.record_objection('pu.person', '1', NULL);
SELECT k, gdpr.may_process('pu.person', k) AS any, gdpr.may_process('pu.person', k, 'pu_score') AS score,
       gdpr.may_process('pu.person', k, 'pu_offers') AS offers, gdpr.may_process('pu.person', k, 'pu_news') AS news
  FROM unnest('{1,2,3,9999}'::text[]) k;
SELECT gdpr.may_process('pu.person', '1', 'nothing');
SELECT gdpr.give_consent('pu.person', k, 'pu_news', '{"wording": "yes"}') > 0 AS given FROM unnest('{3,4,5}'::text[]) k;
SELECT gdpr.may_process('pu.person', '3', 'pu_news') AS consented;
RESET ROLE;

-- A session that works for a purpose sees whom it may process, whatever the key and however far down.
CREATE FUNCTION pu.seen() RETURNS TABLE (purpose text, person bigint, orders bigint, line bigint, token bigint, alias bigint, one_line bigint)
LANGUAGE sql AS $$ SELECT current_setting('gdpr.purpose'), (SELECT count(*) FROM pu.person), (SELECT count(*) FROM pu.orders),
    (SELECT count(*) FROM pu.line), (SELECT count(*) FROM pu.token), (SELECT count(*) FROM pu.alias),
    (SELECT count(*) FROM pu.line WHERE id = 3999) $$;
SET ROLE pu_app;
SELECT * FROM pu.seen();
SET gdpr.purpose = 'pu_score';
SELECT * FROM pu.seen();
SET gdpr.purpose = 'pu_offers';
SELECT * FROM pu.seen();
SET gdpr.purpose = 'pu_news';
SELECT * FROM pu.seen();
SELECT id FROM pu.person ORDER BY id;
SELECT id FROM pu.token WHERE id < 6 ORDER BY id;
UPDATE pu.person SET mail = '' WHERE id = 1;
-- Attack: a purpose that there is not opens nothing.
SET gdpr.purpose = 'pu_nothing';
SELECT count(*) FROM pu.person;
RESET gdpr.purpose;
RESET ROLE;
-- Consent that changes counts at the next statement.
PREPARE news AS SELECT count(*) FROM pu.person;
SET ROLE pu_app;
SET gdpr.purpose = 'pu_news';
EXECUTE news;
RESET ROLE;
SELECT gdpr.withdraw_consent('pu.person', '3', 'pu_news') > 0 AS withdrawn;
SET ROLE pu_app;
EXECUTE news;
RESET gdpr.purpose;
EXECUTE news;
RESET ROLE;
DEALLOCATE news;

-- Restriction of many: every kind of key, by look-ups and by sets.
INSERT INTO gdpr.restriction (subject_table, key, kind) SELECT 'pu.person', g::text, 'request' FROM generate_series(10, 1009) g;
SET ROLE pu_app;
SELECT * FROM pu.seen();
SELECT count(*) FROM pu.line l JOIN pu.orders o ON o.id = l.order_id JOIN pu.person p ON p.id = o.person_id;
-- Estimates know of them: of 2000 people 1000 are left.
RESET ROLE;
GRANT CREATE ON SCHEMA pu TO pu_app;
SET ROLE pu_app;
CREATE FUNCTION pu.estimate(query text) RETURNS float LANGUAGE plpgsql AS
    $$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan; RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows'; END $$;
SELECT pu.estimate('SELECT * FROM pu.person') BETWEEN 500 AND 2000 AS person, pu.estimate('SELECT * FROM pu.line') BETWEEN 2000 AND 8000 AS line;
-- A row on the way that changes its owner: the next statement knows, in this transaction too.
BEGIN;
SELECT count(*) FROM pu.line;
RESET ROLE;
UPDATE pu.orders SET person_id = 1 WHERE person_id BETWEEN 10 AND 1009;
SET LOCAL ROLE pu_app;
SELECT count(*) FROM pu.line;
ROLLBACK;
SET ROLE pu_app;
SELECT count(*) FROM pu.line;
-- A cursor, half way.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM pu.line WHERE order_id > 3995 AND id < 4000;
FETCH 1 FROM c;
RESET ROLE;
INSERT INTO gdpr.restriction (subject_table, key, kind) SELECT 'pu.person', g::text, 'request' FROM generate_series(1010, 1998) g;
SET LOCAL ROLE pu_app;
FETCH ALL FROM c;
ROLLBACK;
RESET ROLE;
DELETE FROM gdpr.restriction WHERE subject_table = 'pu.person'::regclass;

-- Who may lift an objection, and how.
SET ROLE pu_officer;
SELECT gdpr.overrule_objection('pu.person', '2', 'pu_offers', 'we like to');
-- Attack: the purpose is said not to be direct marketing, gets another name or another basis, or comes anew.
UPDATE gdpr.purpose SET direct_marketing = false WHERE name = 'pu_offers';
UPDATE gdpr.purpose SET name = 'pu_offers_too' WHERE name = 'pu_offers';
DELETE FROM gdpr.purpose WHERE name = 'pu_offers';
BEGIN;
UPDATE gdpr.purpose SET basis = 'contract' WHERE name = 'pu_offers';
SELECT gdpr.may_process('pu.person', '2', 'pu_offers') AS by_contract;
SELECT gdpr.set_basis('pu.person', '2', 'pu_offers', 'consent') > 0 AS set;
SELECT gdpr.give_consent('pu.person', '2', 'pu_offers', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.may_process('pu.person', '2', 'pu_offers') AS by_consent_while_objecting;
ROLLBACK;
SELECT gdpr.overrule_objection('pu.person', '1', 'pu_score', ' ');
SELECT gdpr.overrule_objection('pu.person', '3', 'pu_score', 'fraud');
SELECT gdpr.overrule_objection('pu.person', '1', 'pu_score', 'fraud');
SELECT gdpr.may_process('pu.person', '1', 'pu_score') AS overruled;
SELECT purpose, ground::text, overruled_by FROM gdpr.objection ORDER BY id;
SELECT template, key::text FROM gdpr.outbox WHERE template LIKE 'objection%';
SELECT gdpr.withdraw_objection('pu.person', '2', 'pu_offers');
SELECT gdpr.withdraw_objection('pu.person', '2', 'pu_offers');
SELECT gdpr.may_process('pu.person', '2', 'pu_offers') AS withdrawn;
-- Automated decisions (Art. 22).
SELECT gdpr.may_decide('pu.person', '7', 'pu_score') AS may, gdpr.may_decide('pu.person', '7', 'pu_offers') AS none_are_made;
SELECT gdpr.record_objection('pu.person', '7', 'pu_score', automated => true) > 0 AS recorded;
SELECT gdpr.may_decide('pu.person', '7', 'pu_score') AS may_decide, gdpr.may_process('pu.person', '7', 'pu_score') AS may_process;
RESET ROLE;
-- A key that changes takes objections along; a row that goes ends them.
UPDATE pu.person SET id = 70000 WHERE id = 2001;
SELECT gdpr.record_objection('pu.person', '70000', 'pu_offers') > 0 AS recorded;
UPDATE pu.person SET id = 70001 WHERE id = 70000;
SELECT key::text FROM gdpr.objection WHERE purpose = 'pu_offers';
BEGIN;
DELETE FROM pu.person WHERE id = 70001;
SELECT count(*) AS left_behind FROM gdpr.objection WHERE purpose = 'pu_offers';
ROLLBACK;

-- A role that is tied to a purpose.
SET ROLE pu_app;
SELECT gdpr.assign_purpose('pu_app', 'pu_news');
SELECT gdpr.record_objection('pu.person', '5', 'pu_news');
SELECT gdpr.may_process('pu.person', '5');
SET ROLE pu_admin;
SELECT gdpr.assign_purpose('pu_mailer', 'nothing');
SELECT gdpr.assign_purpose('pu_mailer', 'pu_news');
RESET ROLE;
-- Attack: without its purpose, with another, as a member, by SET ROLE, through a function of the owner.
CREATE FUNCTION pu.through_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET gdpr.purpose = '' AS 'SELECT count(*) FROM pu.person';
CREATE ROLE pu_owner;
ALTER TABLE pu.person OWNER TO pu_owner;
GRANT USAGE ON SCHEMA pu TO pu_owner;
ALTER FUNCTION pu.through_owner() OWNER TO pu_owner;
SET SESSION AUTHORIZATION pu_member;
SELECT count(*) FROM pu.person;
SET gdpr.purpose = 'pu_score';
SELECT count(*) FROM pu.person;
SET ROLE pu_mailer;
SELECT count(*) FROM pu.person WHERE id = 1;
SET gdpr.purpose = 'pu_news';
SELECT count(*) FROM pu.person;
\set SHOW_CONTEXT never
SELECT pu.through_owner();
\set SHOW_CONTEXT errors
RESET SESSION AUTHORIZATION;
RESET gdpr.purpose;
SET ROLE pu_admin;
SELECT gdpr.assign_purpose('pu_mailer', NULL);
RESET ROLE;
SELECT operation, note FROM gdpr.audit_log WHERE operation ~ 'objection|assign_purpose' ORDER BY id;

SET client_min_messages = warning;
DROP SCHEMA pu CASCADE;
DELETE FROM gdpr.objection;
DELETE FROM gdpr.outbox;
DELETE FROM gdpr.restriction;
TRUNCATE gdpr.consent_event;
DELETE FROM gdpr.purpose;
DROP ROLE pu_officer, pu_admin, pu_app, pu_member, pu_mailer, pu_owner;
