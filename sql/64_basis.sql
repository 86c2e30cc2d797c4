-- Lawful bases: of purposes, of tables, of people; how long consent lasts; children; proof.
SET client_min_messages = warning;
CREATE SCHEMA bas;
CREATE ROLE bas_owner;
CREATE ROLE bas_app;
CREATE ROLE bas_officer IN ROLE gdpr_officer;
CREATE ROLE bas_auditor IN ROLE gdpr_auditor;
GRANT ALL ON SCHEMA bas TO bas_owner;
GRANT USAGE ON SCHEMA bas TO bas_app, bas_officer;
SET ROLE bas_owner;
CREATE TABLE bas.person (id int PRIMARY KEY, email text, health text);
CREATE TABLE bas.visit (id int PRIMARY KEY, person_id int REFERENCES bas.person ON UPDATE CASCADE);
CREATE TABLE bas.member (club text, number int, PRIMARY KEY (club, number));
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bas TO bas_app;
SECURITY LABEL FOR gdpr ON TABLE bas.person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE bas.member IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN bas.person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN bas.person.health IS 'sensitive, purpose(bas_care)';
INSERT INTO bas.person SELECT g, 'p' || g || '@example.it' FROM generate_series(1, 6) g;
INSERT INTO bas.visit SELECT g, 1 + g % 6 FROM generate_series(1, 12) g;
INSERT INTO bas.member VALUES ('chess, go', 7), ('tennis', 1);
RESET ROLE;
CALL gdpr.apply('bas.person');
CALL gdpr.apply('bas.visit');
CALL gdpr.apply('bas.member');
RESET client_min_messages;
SET ROLE bas_officer;
INSERT INTO gdpr.purpose (name, description, basis) VALUES
    ('bas_news', 'our news', 'consent'), ('bas_bill', 'the invoice', 'contract'), ('bas_care', 'your care', 'consent');

-- Each session sees whom the bases let it process: the purpose's own first.
RESET ROLE;
CREATE FUNCTION bas.seen(purpose text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE out text;
BEGIN
    PERFORM set_config('gdpr.purpose', purpose, true);
    SELECT purpose || ': people ' || coalesce(string_agg(DISTINCT p.id::text, ',' ORDER BY p.id::text), '-')
           || '; visits of ' || coalesce((SELECT string_agg(DISTINCT person_id::text, ',' ORDER BY person_id::text) FROM bas.visit), '-')
           || '; members ' || (SELECT count(*) FROM bas.member) INTO out FROM bas.person p;
    PERFORM set_config('gdpr.purpose', '', true);
    RETURN out;
END $$;
GRANT EXECUTE ON FUNCTION bas.seen(text) TO bas_app;
SET ROLE bas_app;
SELECT bas.seen('bas_news') UNION ALL SELECT bas.seen('bas_bill');

-- One person's own basis: asked, or no longer asked. Null goes back.
SET ROLE bas_officer;
SELECT gdpr.basis_of('bas.person', '1', 'bas_news'), gdpr.basis_of('bas.person', '1', 'bas_bill');
SELECT gdpr.set_basis('bas.person', '1', 'bas_news', 'contract', 'news are part of what they bought') > 0 AS set;
SELECT gdpr.set_basis('bas.person', '2', 'bas_bill', 'consent') > 0 AS set;
SELECT gdpr.set_basis('bas.person', '3', 'bas_bill', 'consent') > 0 AS set;
SELECT gdpr.give_consent('bas.person', '3', 'bas_bill', '{"wording": "send it by mail"}') > 0 AS given;
SELECT gdpr.give_consent('bas.person', '5', 'bas_news', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.give_consent('bas.person', '1', 'bas_news', '{"wording": "yes"}');
SELECT gdpr.set_basis('bas.member', '("chess, go", 7)', 'bas_bill', 'consent') > 0 AS set;
SELECT k, gdpr.basis_of('bas.person', k, 'bas_news') AS news, gdpr.may_process('bas.person', k, 'bas_news'),
       gdpr.basis_of('bas.person', k, 'bas_bill') AS bill, gdpr.may_process('bas.person', k, 'bas_bill')
  FROM unnest('{1,2,3,4,5}'::text[]) k;
SET ROLE bas_app;
SELECT bas.seen('bas_news') UNION ALL SELECT bas.seen('bas_bill');
SET ROLE bas_officer;
SELECT gdpr.withdraw_consent('bas.person', '3', 'bas_bill') > 0 AS withdrawn;
SELECT gdpr.set_basis('bas.person', '2', 'bas_bill', NULL) > 0 AS back;
SELECT gdpr.set_basis('bas.person', '2', 'bas_bill', NULL, 'they bought it after all') > 0 AS back;
SET ROLE bas_app;
SELECT bas.seen('bas_bill');

-- Everyone of a table; a person's own goes before it.
SET ROLE bas_officer;
SELECT gdpr.set_basis('bas.person', NULL, 'bas_bill', 'consent') > 0 AS set;
SELECT gdpr.set_basis('bas.person', '6', 'bas_bill', 'legal_obligation', 'tax law') > 0 AS set;
SELECT gdpr.basis_of('bas.person', '4', 'bas_bill'), gdpr.basis_of('bas.person', '6', 'bas_bill');
SET ROLE bas_app;
SELECT bas.seen('bas_bill');
SET ROLE bas_officer;
SELECT scope, subject_table, key, purpose, basis, note FROM gdpr.basis WHERE purpose ~ '^bas_' ORDER BY scope, subject_table::text, key, purpose;
SELECT gdpr.set_basis('bas.person', NULL, 'bas_bill', NULL, 'as before') > 0 AS back;
SELECT scope, key, purpose, former, basis, note::text, role = session_user AS by_session FROM gdpr.basis_event ORDER BY id;
SELECT operation, relation, key, note FROM gdpr.audit_log WHERE operation = 'set_basis' AND note ~ '^bas_' ORDER BY id;

-- Attack: an officer moves people from consent without a word, or to what needs no consent.
SELECT gdpr.set_basis('bas.person', '4', 'bas_news', 'contract');
SELECT gdpr.set_basis('bas.person', NULL, 'bas_news', 'contract');
SELECT gdpr.withdraw_consent('bas.person', '5', 'bas_news') > 0 AS withdrawn;
SELECT gdpr.set_basis('bas.person', '5', 'bas_news', 'legitimate_interests', 'we like them');
SELECT gdpr.set_basis('bas.person', NULL, 'bas_news', 'legitimate_interests', 'we like them all');
UPDATE gdpr.purpose SET basis = 'legitimate_interests', balancing_test = 'done', basis_note = 'quietly' WHERE name = 'bas_news';
UPDATE gdpr.purpose SET basis = 'public_task' WHERE name = 'bas_news';
-- Attack: through a null in between.
SELECT gdpr.set_basis('bas.person', '3', 'bas_bill', NULL);
-- Attack: history is rewritten.
UPDATE gdpr.basis_event SET basis = 'contract';
DELETE FROM gdpr.basis_event;
INSERT INTO gdpr.basis_event (scope, purpose, basis) VALUES ('purpose', 'bas_news', 'contract');
-- Attack: so that a renamed purpose takes people's own bases along.
UPDATE gdpr.purpose SET name = 'bas_other' WHERE name = 'bas_bill';
DELETE FROM gdpr.purpose WHERE name = 'bas_bill';
-- Attack: the application, and the auditor, set what they are processed on.
SET ROLE bas_app;
SELECT gdpr.set_basis('bas.person', '4', 'bas_news', 'contract', 'x');
SELECT gdpr.basis_of('bas.person', '4', 'bas_news');
SELECT * FROM gdpr.basis_event;
RESET ROLE;
GRANT USAGE ON SCHEMA bas TO bas_auditor;
SET ROLE bas_auditor;
SELECT count(*) > 0 AS reads FROM gdpr.basis_event;
SELECT gdpr.set_basis('bas.person', '4', 'bas_news', 'contract', 'x');
SET ROLE bas_officer;
-- With a new note it is done, and on record.
UPDATE gdpr.purpose SET basis = 'contract', basis_note = 'terms of 2026: the news belong to the subscription' WHERE name = 'bas_news';
UPDATE gdpr.purpose SET basis = 'consent', basis_note = basis_note WHERE name = 'bas_news';
UPDATE gdpr.purpose SET basis = 'contract', basis_note = basis_note WHERE name = 'bas_news';
SELECT scope, purpose, former, basis, note::text FROM gdpr.basis_event WHERE scope = 'purpose' ORDER BY id;
SELECT relation, note FROM gdpr.audit_log WHERE operation = 'set_basis' AND relation = 'gdpr.purpose'::regclass ORDER BY id;

-- Legitimate interests need a balancing test; special categories a condition of Art. 9(2).
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('bas_fraud', 'prevention of fraud', 'contract');
SELECT gdpr.set_basis('bas.person', '1', 'bas_fraud', 'legitimate_interests');
SELECT gdpr.set_basis('bas.person', '1', 'bas_fraud', 'legitimate_interests', 'test of 3 March, file 12') > 0 AS set;
UPDATE gdpr.purpose SET balancing_test = 'file 12', interests = 'not to be defrauded' WHERE name = 'bas_fraud';
SELECT gdpr.set_basis('bas.person', '2', 'bas_fraud', 'legitimate_interests') > 0 AS set;
SELECT gdpr.set_basis('bas.person', '1', 'bas_care', 'contract', 'treatment contract');
UPDATE gdpr.purpose SET special_condition = 'curiosity' WHERE name = 'bas_care';
UPDATE gdpr.purpose SET special_condition = 'health_care' WHERE name = 'bas_care';
SELECT gdpr.set_basis('bas.person', '1', 'bas_care', 'contract', 'treatment contract') > 0 AS set;
-- Attack: the same by writing to gdpr.purpose. Labels may come before the purpose, or after: then gdpr.advice tells.
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('bas_ads', 'advertising', 'legitimate_interests');
INSERT INTO gdpr.purpose (name, description, basis, balancing_test) VALUES ('bas_ads', 'advertising', 'legitimate_interests', ' ');
UPDATE gdpr.purpose SET balancing_test = NULL, basis = 'legitimate_interests' WHERE name = 'bas_fraud';
UPDATE gdpr.purpose SET basis = 'contract', special_condition = NULL, basis_note = 'x' WHERE name = 'bas_care';
UPDATE gdpr.purpose SET basis = 'contract', basis_note = 'treatment contract' WHERE name = 'bas_care';
UPDATE gdpr.purpose SET special_condition = NULL WHERE name = 'bas_care';
UPDATE gdpr.purpose SET basis = 'consent' WHERE name = 'bas_care';
RESET ROLE;
SECURITY LABEL FOR gdpr ON COLUMN bas.person.health IS 'sensitive, purpose(bas_care, bas_late, bas_fraud)';
SET ROLE bas_officer;
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('bas_late', 'care of another kind', 'contract');
SELECT severity, object, finding, remedy FROM gdpr.advice WHERE object ~ 'purpose bas_' AND finding ~ 'Art. 9';
UPDATE gdpr.purpose SET special_condition = 'legal_claims' WHERE name = 'bas_fraud';
SELECT object FROM gdpr.advice WHERE object ~ 'purpose bas_' AND finding ~ 'Art. 9';
-- Refused, with what to do.
SELECT gdpr.set_basis('bas.person', '99', 'bas_bill', 'contract');
SELECT gdpr.set_basis('bas.person', '1', 'nothing', 'contract');
SELECT gdpr.set_basis('bas.visit', NULL, 'bas_bill', 'contract');
SELECT gdpr.set_basis('bas.person', '1', NULL, 'contract');
SELECT gdpr.basis_of('bas.person', '1', 'nothing');

-- What is set of a person ends with their row, and follows their key.
SET ROLE bas_app;
UPDATE bas.person SET id = 60 WHERE id = 6;
SET ROLE bas_officer;
SELECT gdpr.basis_of('bas.person', '60', 'bas_bill'), gdpr.basis_of('bas.person', '6', 'bas_bill');
SET ROLE bas_app;
DELETE FROM bas.visit WHERE person_id = 60;
DELETE FROM bas.person WHERE id = 60;
INSERT INTO bas.person VALUES (60, 'new@example.it');
SET ROLE bas_officer;
SELECT gdpr.basis_of('bas.person', '60', 'bas_bill');
SELECT action, rows FROM gdpr.forget('bas.person', '2', 'asked') WHERE relation = 'gdpr.basis_event'::regclass;
SELECT count(*) FROM gdpr.verify_forgotten('bas.person', '2');
SELECT key, purpose, note FROM gdpr.basis_event WHERE scope = 'person' AND key IS NULL ORDER BY id;

-- Consent lapses: by what the purpose says, or the evidence, whichever comes first.
INSERT INTO gdpr.purpose (name, description, basis, consent_validity) VALUES ('bas_study', 'a study', 'consent', '1 year');
INSERT INTO gdpr.purpose (name, description, basis, consent_validity) VALUES ('x', 'x', 'consent', '-1 day');
SELECT gdpr.give_consent('bas.person', '3', 'bas_study', '{"wording": "yes"}') > 0 AS given;
SELECT gdpr.give_consent('bas.person', '4', 'bas_study',
    jsonb_build_object('wording', 'yes', 'valid_until', now() + interval '1 hour')) > 0 AS given;
SELECT key, in_force, round(extract(epoch FROM until - at) / 3600) AS hours FROM gdpr.consent WHERE purpose = 'bas_study' ORDER BY key;
SELECT gdpr.give_consent('bas.person', '5', 'bas_study', '{"wording": "yes", "valid_until": "2020-01-01"}');
SELECT gdpr.give_consent('bas.person', '5', 'bas_study', '{"wording": "yes", "valid_until": "when I say so"}');
SELECT gdpr.give_consent('bas.person', '5', 'bas_study', '{"wording": "yes", "address": 17}');
-- In an open session that knows who consents, one lapses from one statement to the next.
RESET ROLE;
SET ROLE bas_app;
SELECT bas.seen('bas_study');
RESET ROLE;
SELECT gdpr.give_consent('bas.person', '5', 'bas_study',
    jsonb_build_object('wording', 'yes', 'valid_until', clock_timestamp() + interval '1.5 seconds')) > 0 AS given;
SET ROLE bas_app;
SELECT bas.seen('bas_study');
SELECT pg_sleep(1.6);
SELECT bas.seen('bas_study');
SET ROLE bas_officer;
SELECT gdpr.has_consent('bas.person', '5', 'bas_study') AS lapsed, gdpr.has_consent('bas.person', '4', 'bas_study') AS still;
SELECT gdpr.withdraw_consent('bas.person', '5', 'bas_study') AS nothing_to_withdraw;

-- Children: below the age of the purpose a parent consents (Art. 8).
INSERT INTO gdpr.purpose (name, description, basis, child_age) VALUES ('bas_game', 'a game', 'consent', 14);
INSERT INTO gdpr.purpose (name, description, basis, child_age) VALUES ('x', 'x', 'consent', 12);
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', '{"wording": "yes"}');
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', '{"wording": "yes", "age": 13}');
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', '{"wording": "yes", "age": 13, "parent": {"name": "Ada"}}');
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', '{"wording": "yes", "age": 13, "parent": "Ada"}');
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', '{"wording": "yes", "born": "a while ago"}');
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', jsonb_build_object('wording', 'yes', 'born', now()::date - 3650));
SELECT gdpr.give_consent('bas.person', '3', 'bas_game', '{"wording": "yes", "age": 13, "parent": {"name": "Ada", "verified": "identity card"}}') > 0 AS with_parent;
SELECT gdpr.give_consent('bas.person', '4', 'bas_game', '{"wording": "yes", "adult": true}') > 0 AS adult;
SELECT gdpr.give_consent('bas.person', '5', 'bas_game', '{"wording": "yes", "born": "1980-02-29"}') > 0 AS born;

-- The proof is one document, that verifies wherever the keyring is.
INSERT INTO gdpr.controller (name, contact) VALUES ('Example Ltd', 'privacy@example.it');
SELECT gdpr.give_consent('bas.person', '4', 'bas_study', '{"wording": "Ich bin einverstanden – jährlich",
    "version": "7", "locale": "de-DE", "address": "203.0.113.9", "agent": "Mozilla", "form": "study"}') > 0 AS again;
CREATE TEMP TABLE proof AS SELECT gdpr.consent_proof('bas.person', '4', 'bas_study') AS doc;
SELECT doc -> 'subject' AS subject, doc #> '{purpose,name}' AS purpose, doc #> '{controller,name}' AS controller, doc -> 'in_force' AS in_force,
       jsonb_array_length(doc -> 'history') AS events, doc #> '{consent,evidence}' AS evidence,
       doc #>> '{consent,wording_sha256}' = encode(sha256(convert_to(doc #>> '{consent,evidence,wording}', 'UTF8')), 'hex') AS hash_of_wording
  FROM proof;
SELECT gdpr.verify_consent_proof(doc) FROM proof;
SELECT gdpr.verify_consent_proof((regexp_replace(doc::text, ', ', E' ,\n  ', 'g'))::jsonb) AS written_otherwise FROM proof;
-- Attack: a document that was changed, or sealed by whoever has no key.
SELECT gdpr.verify_consent_proof(jsonb_set(doc, '{consent,evidence,wording}', '"all my data"')) AS other_wording,
       gdpr.verify_consent_proof(jsonb_set(doc, '{subject,key}', '"5"')) AS other_person,
       gdpr.verify_consent_proof(doc || '{"more": 1}') AS more,
       gdpr.verify_consent_proof(doc - 'seal') AS unsealed,
       gdpr.verify_consent_proof(jsonb_set(doc, '{seal,hmac}', '""')) AS empty_seal,
       gdpr.verify_consent_proof(jsonb_set(doc, '{seal,key}', '"00000000"')) AS no_such_key,
       gdpr.verify_consent_proof(jsonb_set(doc, '{seal,key}', '"x"')) AS no_key,
       gdpr.verify_consent_proof('[]') AS no_object, gdpr.verify_consent_proof('{"seal": 1}') AS no_seal FROM proof;
SELECT gdpr.consent_proof('bas.person', '60', 'bas_study');
SELECT gdpr.consent_proof('bas.person', '4', 'nothing');
SET ROLE bas_auditor;
SELECT gdpr.verify_consent_proof('{}');
SELECT gdpr.consent_proof('bas.person', '4', 'bas_study');
SET ROLE bas_app;
SELECT gdpr.consent_proof('bas.person', '4', 'bas_study');
SELECT gdpr.verify_consent_proof('{}');
RESET ROLE;
-- The hash of the wording is kept when person and evidence go.
SELECT action, rows FROM gdpr.forget('bas.person', '4', 'asked') WHERE relation = 'gdpr.consent_event'::regclass;
SELECT purpose, given, evidence, key, wording_sha256 IS NOT NULL AS hash FROM gdpr.consent_event WHERE key IS NULL ORDER BY id;

SET client_min_messages = warning;
DROP SCHEMA bas CASCADE;
DROP TABLE proof;
DELETE FROM gdpr.consent_event;
DELETE FROM gdpr.basis_event;
DELETE FROM gdpr.provenance_record;
DELETE FROM gdpr.restriction;
DELETE FROM gdpr.erasure;
DELETE FROM gdpr.blocklist;
DELETE FROM gdpr.purpose;
DELETE FROM gdpr.controller;
DROP ROLE bas_owner, bas_app, bas_officer, bas_auditor;
