-- A subject table is dropped: what was kept of its people ends with it, and who comes to bear its number inherits nothing.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE dr_owner;
CREATE ROLE dr_officer;
GRANT gdpr_officer TO dr_officer;
CREATE SCHEMA dr AUTHORIZATION dr_owner;
GRANT USAGE ON SCHEMA dr TO dr_officer;
SET ROLE dr_owner;
CREATE TABLE dr.person (id int PRIMARY KEY, email text);
CREATE TABLE dr.other (id int PRIMARY KEY, email text);
CREATE TABLE dr.plain (id int PRIMARY KEY);
INSERT INTO dr.person SELECT g, 'p' || g || '@example.it' FROM generate_series(1, 4) g;
INSERT INTO dr.other SELECT * FROM dr.person;
SECURITY LABEL FOR gdpr ON TABLE dr.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN dr.person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON TABLE dr.other IS 'subject';
RESET ROLE;
CALL gdpr.apply();
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('dr_news', 'News', 'consent');
SELECT 'dr.person'::regclass::oid AS number \gset
CREATE VIEW dr_kept AS
    SELECT 'restriction' AS kept_in, subject_table, key::text FROM gdpr.restriction UNION ALL
    SELECT 'objection', subject_table, key::text FROM gdpr.objection UNION ALL
    SELECT 'consent_event', subject_table, key::text FROM gdpr.consent_event UNION ALL
    SELECT 'provenance_record', subject_table, key::text FROM gdpr.provenance_record UNION ALL
    SELECT 'erasure', subject_table, NULL FROM gdpr.erasure;
SET ROLE dr_officer;
SELECT gdpr.give_consent('dr.person', '1', 'dr_news', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.restrict('dr.person', '2', 'asked');
SELECT gdpr.record_objection('dr.person', '3', 'dr_news');
SELECT gdpr.restrict('dr.other', '2', 'asked');
SELECT count(*) FROM gdpr.forget('dr.person', '4', 'request');
RESET ROLE;
SELECT kept_in, key FROM dr_kept WHERE subject_table = :number AND kept_in <> 'provenance_record' ORDER BY 1, 2;
-- Attack: the owner drops the table to be rid of a restriction.
SET ROLE dr_owner;
DROP TABLE dr.person;
-- What is no subject table goes without ado, and a drop that is rolled back leaves all as it was.
DROP TABLE dr.plain;
RESET ROLE;
BEGIN;
DROP TABLE dr.person;
SELECT kept_in, key FROM dr_kept WHERE subject_table = :number ORDER BY 1, 2;
ROLLBACK;
SELECT kept_in, key FROM dr_kept WHERE subject_table = :number AND kept_in <> 'provenance_record' ORDER BY 1, 2;
DROP TABLE dr.person;
-- The receipt and the fact that somebody had consented are kept for accountability; whom they are about is not.
SELECT kept_in, key FROM dr_kept WHERE subject_table = :number ORDER BY 1, 2;
SELECT kept_in, key FROM dr_kept WHERE subject_table = 'dr.other'::regclass AND kept_in <> 'provenance_record';
DROP SCHEMA dr CASCADE;
SELECT count(*) FROM dr_kept WHERE key IS NOT NULL;
DROP VIEW dr_kept;
TRUNCATE gdpr.erasure, gdpr.blocklist, gdpr.consent_event;
DELETE FROM gdpr.purpose WHERE name = 'dr_news';
DROP ROLE dr_owner, dr_officer;
