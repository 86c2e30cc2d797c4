-- What is told beside the data (Art. 15), what is theirs to take along (Art. 20), and files that hold it.
SET client_min_messages = warning;
SET timezone = 'Europe/Rome';
SET datestyle = 'ISO';
CREATE SCHEMA ex;
CREATE ROLE ex_owner;
CREATE ROLE ex_officer;
GRANT gdpr_officer TO ex_officer;
GRANT ALL ON SCHEMA ex TO ex_owner;
GRANT USAGE ON SCHEMA ex TO ex_officer;
SET ROLE ex_owner;
CREATE TABLE ex.person (id int PRIMARY KEY, email text, name text, shoe int, rank int, photo bytea);
CREATE TABLE ex.bill (id int PRIMARY KEY, person_id int REFERENCES ex.person, day date, total numeric(9, 2), memo text);
CREATE TABLE ex.visit (id int PRIMARY KEY, person_id int REFERENCES ex.person, page text, score float8);
-- Neither a key nor an order: json has none.
CREATE TABLE ex.scrap (person_id int REFERENCES ex.person, note text, doc json);
CREATE TABLE ex.chat (id int PRIMARY KEY, person_id int REFERENCES ex.person, other_id int REFERENCES ex.person,
                      body text, meta jsonb, at date);
CREATE TABLE ex.desk (id int PRIMARY KEY, person_id int REFERENCES ex.person, plan text);
CREATE INDEX ON ex.bill (person_id);
INSERT INTO ex.person VALUES
    (1, 'ada@ex.example', 'Ada', 38, 7, '\x00ff0a'),
    (2, 'ben@ex.example', '=HYPERLINK("http://evil.example")', 42, -1, NULL),
    (3, 'cy@ex.example', 'Cy', 40, 0, NULL);
INSERT INTO ex.bill VALUES (1, 1, '2026-01-01', 10, 'one'), (2, 1, '2026-01-02', 20, NULL);
INSERT INTO ex.visit VALUES (1, 1, '/a', 0.1), (2, 2, '/b', 0.2);
INSERT INTO ex.scrap VALUES (1, 'b', '[2]'), (1, 'a', '{"x":  1}'), (1, 'a', '{"x": 0}'), (1, NULL, NULL);
INSERT INTO ex.chat VALUES (1, 1, 2, 'hello Ben', '{"cc": "cy@ex.example"}', '2026-01-01'), (2, 1, 1, 'to me', '{"cc": "none"}', NULL);
INSERT INTO ex.desk VALUES (1, 3, 'for Cy''s desk');
SECURITY LABEL FOR gdpr ON TABLE ex.person IS 'subject, purpose(ex_shop)';
SECURITY LABEL FOR gdpr ON COLUMN ex.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ex.person.name IS 'personal, encrypted, purpose(ex_news, ex_tax)';
SECURITY LABEL FOR gdpr ON COLUMN ex.person.shoe IS 'sensitive, encrypted, purpose(ex_tax)';
SECURITY LABEL FOR gdpr ON COLUMN ex.person.rank IS 'personal, derived';
SECURITY LABEL FOR gdpr ON COLUMN ex.person.photo IS 'personal, purpose(ex_unknown)';
SECURITY LABEL FOR gdpr ON TABLE ex.bill IS 'owned(person_id), keep(10 years, day, legal_obligation), purpose(ex_tax)';
SECURITY LABEL FOR gdpr ON TABLE ex.visit IS 'owned(person_id), purpose(ex_ads), expires(id)';
SECURITY LABEL FOR gdpr ON COLUMN ex.visit.page IS 'personal, purpose(ex_news)';
SECURITY LABEL FOR gdpr ON TABLE ex.scrap IS 'owned(person_id)';
SECURITY LABEL FOR gdpr ON TABLE ex.chat IS 'owned(person_id), owned(other_id)';
SECURITY LABEL FOR gdpr ON COLUMN ex.chat.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE ex.desk IS 'accessed(person_id), purpose(ex_desk)';
RESET ROLE;
CALL gdpr.apply('ex.person');

SET ROLE ex_officer;
INSERT INTO gdpr.purpose (name, description, basis, retention, recipients, transfers, automated_decisions, balancing_test, special_condition) VALUES
    ('ex_shop', 'Your orders', 'contract', '3 years', '{carrier,bank}', '{}', NULL, NULL, 'explicit_consent'),
    ('ex_news', 'Newsletter', 'consent', NULL, '{mailer}', '{US: SCC}', NULL, NULL, 'explicit_consent'),
    ('ex_tax', 'Tax', 'legal_obligation', '10 years', '{tax office}', '{}', NULL, NULL, 'explicit_consent'),
    ('ex_ads', 'Advertising', 'legitimate_interests', NULL, '{bank}', '{}', 'the more visits, the higher the score', 'file 1', 'explicit_consent'),
    ('ex_desk', 'Desks', 'legitimate_interests', NULL, '{}', '{}', NULL, 'file 1', 'explicit_consent'),
    ('ex_misc', 'No label says which data', 'public_task', NULL, '{}', '{}', NULL, NULL, 'explicit_consent');
INSERT INTO gdpr.controller (name, contact, protection_officer, supervisory_authority)
VALUES ('Ex S.p.A.', 'Via Roma 1, Milano', 'dpo@ex.example', 'Garante');
INSERT INTO gdpr.controller (name, contact) VALUES ('Another', 'x');
SELECT gdpr.give_consent('ex.person', '1', 'ex_news', '{"wording": "v1"}') IS NOT NULL AS given;
SELECT gdpr.withdraw_consent('ex.person', '1', 'ex_news') IS NOT NULL AS withdrawn;
SELECT gdpr.record_disclosure('ex.person', '1', 'carrier', 'ex_shop', 'desk@carrier.example', 'customer 7') IS NOT NULL AS recorded;

SELECT gdpr.record_objection('ex.person', '2', 'ex_ads', 'no tracking') IS NOT NULL AS objected;
SELECT o - 'since' AS objection FROM jsonb_array_elements(gdpr.access('ex.person', '2') -> 'objections') o;
-- access: each member by itself. Ada has no desk, so its purpose is not hers; what no label ties to data is everyone's.
\pset format unaligned
SELECT p - 'data' AS purpose, p -> 'data' AS data FROM gdpr.access('ex.person', '1') a, jsonb_array_elements(a -> 'purposes') p;
SELECT key, value FROM jsonb_each(gdpr.access('ex.person', '1'))
 WHERE key IN ('version', 'subject', 'controller', 'recipients', 'transfers', 'automated_decisions', 'retention', 'review', 'redacted') ORDER BY 1;
SELECT c - 'at' AS consent FROM jsonb_array_elements(gdpr.access('ex.person', '1') -> 'consents') c;
SELECT d - 'at' AS disclosure FROM jsonb_array_elements(gdpr.access('ex.person', '1') -> 'disclosures') d;
SELECT string_agg(p ->> 'name', ' ') AS purposes FROM gdpr.access('ex.person', '3') a, jsonb_array_elements(a -> 'purposes') p;
-- Attack: other people's data in a column that no label speaks of, of a row shared with them. It cannot be told from
-- Ada's own, so it is shown, and the officer told to read it first; not so where the row is hers alone.
SELECT a #> '{data,ex.chat}' AS chat, a #> '{review,ex.chat}' AS review FROM gdpr.access('ex.person', '1') a;
SELECT key FROM jsonb_object_keys(gdpr.access('ex.person', '1')) key ORDER BY key;

-- Portability: on consent or contract, or undecided; not derived, not on any other basis.
SELECT file, convert_from(content, 'UTF8') AS content FROM gdpr.export('ex.person', '1');
-- Everything: bills and scores too, accessed rows, and the particulars.
SELECT file, convert_from(content, 'UTF8') AS content FROM gdpr.export('ex.person', '3', scope => 'access')
 WHERE file IN ('ex.person.csv', 'ex.desk.accessed.csv', 'manifest.json');
SELECT file, length(content) > 0 AS filled FROM gdpr.export('ex.person', '1', scope => 'access', format => 'json');
SELECT convert_from(content, 'UTF8')::jsonb = (gdpr.access('ex.person', '1') - '{data,accessed,generated_at}'::text[]) AS same
  FROM gdpr.export('ex.person', '1', 'json', scope => 'access') WHERE file = 'particulars.json';
-- Attack: formulas. A spreadsheet's copy guards them; numbers stay numbers.
SELECT file, convert_from(content, 'UTF8') AS content FROM gdpr.export('ex.person', '2', 'csv-spreadsheet', scope => 'access')
 WHERE file IN ('ex.person.csv', 'ex.chat.csv');
\pset format aligned

-- Sealed by a passphrase: another ciphertext each time, AES-256, and what opens is what the manifest says.
CREATE TEMP TABLE sealed AS SELECT * FROM gdpr.export('ex.person', '1', passphrase => 'correct horse');
SELECT file, pgp_key_id(content) AS key FROM sealed ORDER BY 1;
SELECT s.file, encode(sha256(pgp_sym_decrypt_bytea(s.content, 'correct horse')), 'hex') = f ->> 'sha256' AS holds
  FROM sealed s, (SELECT jsonb_array_elements(convert_from(pgp_sym_decrypt_bytea(content, 'correct horse'), 'UTF8')::jsonb -> 'files') f
                    FROM sealed WHERE file = 'manifest.json.pgp') m
 WHERE s.file = (f ->> 'name') || '.pgp' ORDER BY 1;
SELECT bool_and(s.content <> x.content) AS differ FROM sealed s JOIN gdpr.export('ex.person', '1', passphrase => 'correct horse') x USING (file);
SELECT pgp_sym_decrypt_bytea(content, 'wrong horse') FROM sealed LIMIT 1;
DROP TABLE sealed;
-- Attack: a key that is none, both ways at once, an empty passphrase. No error repeats either.
SELECT * FROM gdpr.export('ex.person', '1', public_key => 'not armored');
SELECT * FROM gdpr.export('ex.person', '1', public_key => armor('secret'));
SELECT * FROM gdpr.export('ex.person', '1', public_key => armor('secret'), passphrase => 'horse');
SELECT * FROM gdpr.export('ex.person', '1', passphrase => '');
SELECT * FROM gdpr.export('ex.person', '1', scope => 'all');
SELECT * FROM gdpr.export('ex.person', '1', NULL);
SELECT * FROM gdpr.export('ex.person', NULL);
SELECT * FROM gdpr.export(NULL, '1');
SELECT count(*) FROM gdpr.export('ex.person', '99');
-- Attack: a function of pgcrypto's name elsewhere does not get to see the passphrase.
RESET ROLE;
CREATE FUNCTION ex.pgp_sym_encrypt_bytea(bytea, text, text) RETURNS bytea LANGUAGE plpgsql AS
    $$ BEGIN RAISE WARNING 'caught %', $2; RETURN ''; END $$;
GRANT EXECUTE ON FUNCTION ex.pgp_sym_encrypt_bytea(bytea, text, text) TO PUBLIC;
SET search_path = ex, public;
SET ROLE ex_officer;
SELECT count(*) FROM gdpr.export('ex.person', '1', passphrase => 'horse');
RESET search_path;
-- The audit log tells that it was sealed, and never with what.
SELECT operation, old, new FROM gdpr.audit_log WHERE subject_table = 'ex.person'::regclass AND operation = 'export' ORDER BY at DESC LIMIT 1;

-- Attack: what the owner of a table hangs on a type runs as the owner, not as the officer.
RESET ROLE;
SET ROLE ex_owner;
CREATE TYPE ex.mood AS ENUM ('calm', 'cross');
CREATE FUNCTION ex.mood_json(ex.mood) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'cast as %', current_user;
    BEGIN PERFORM gdpr.find('x'); EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', SQLERRM; END;
    RETURN to_json($1::text);
END $$;
CREATE CAST (ex.mood AS json) WITH FUNCTION ex.mood_json(ex.mood);
CREATE TABLE ex.token (id int PRIMARY KEY, person_id int REFERENCES ex.person, value ex.mood);
INSERT INTO ex.token VALUES (1, 3, 'cross');
RESET ROLE;
SET ROLE ex_officer;
SELECT gdpr.access('ex.person', '3') #> '{data,ex.token}' AS token;
SELECT convert_from(content, 'UTF8') AS content FROM gdpr.export('ex.person', '3', 'json') WHERE file = 'ex.token.json';
-- Rows that the owner's policies hide from everyone, and a restricted person's: the officer gets all of them.
RESET ROLE;
SET ROLE ex_owner;
CREATE POLICY nobody ON ex.visit AS RESTRICTIVE USING (false);
ALTER TABLE ex.visit ENABLE ROW LEVEL SECURITY;
ALTER TABLE ex.visit FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM ex.visit;
RESET ROLE;
SET ROLE ex_officer;
SELECT gdpr.restrict('ex.person', '1', 'disputed');
SELECT jsonb_array_length(a #> '{data,ex.visit}') AS visits, a #>> '{restrictions,0,reason}' AS restricted FROM gdpr.access('ex.person', '1') a;
SELECT count(*) FROM gdpr.export('ex.person', '1') WHERE file = 'ex.visit.csv';
SELECT gdpr.unrestrict('ex.person', '1', 'settled');
RESET ROLE;

-- Files in parts: a part ends with the row that takes it beyond 8 MB. Together they are the whole, and each is a file.
INSERT INTO ex.scrap SELECT 3, repeat(chr(64 + g), 1000000), NULL FROM generate_series(1, 12) g;
SET ROLE ex_officer;
CREATE TEMP TABLE parts AS SELECT f, x.* FROM unnest('{csv,json,xml}'::text[]) f, gdpr.export('ex.person', '3', f) x;
SELECT f, file, length(content) FROM parts WHERE file LIKE 'ex.scrap%' ORDER BY 1, 2;
SELECT f, sum((m ->> 'rows')::int) AS rows, bool_and(m ->> 'sha256' = encode(sha256(p.content), 'hex')) AS sums
  FROM (SELECT f, jsonb_array_elements(convert_from(content, 'UTF8')::jsonb -> 'files') m FROM parts WHERE file = 'manifest.json') ms
  JOIN parts p USING (f) WHERE p.file = m ->> 'name' AND p.file LIKE 'ex.scrap%' GROUP BY 1 ORDER BY 1;
SELECT string_agg(left(r ->> 'note', 1), '' ORDER BY file) AS notes
  FROM parts, jsonb_array_elements(convert_from(content, 'UTF8')::jsonb) r WHERE f = 'json' AND file LIKE 'ex.scrap%';
DROP TABLE parts;
-- More than an answer can be: an error that says where to turn.
RESET ROLE;
INSERT INTO ex.scrap VALUES (3, repeat('x', 33 * 1024 * 1024), NULL);
SET ROLE ex_officer;
SELECT gdpr.access('ex.person', '3');
SELECT file, length(content) FROM gdpr.export('ex.person', '3', scope => 'access') WHERE file LIKE 'ex.scrap%' ORDER BY 1;
RESET ROLE;

DELETE FROM gdpr.outbox WHERE subject_table = 'ex.person'::regclass;
DELETE FROM gdpr.objection WHERE subject_table = 'ex.person'::regclass;
DELETE FROM gdpr.disclosure WHERE subject_table = 'ex.person'::regclass;
DELETE FROM gdpr.consent_event WHERE subject_table = 'ex.person'::regclass;
DELETE FROM gdpr.purpose WHERE name LIKE 'ex\_%';
DELETE FROM gdpr.controller;
DROP SCHEMA ex CASCADE;
DROP ROLE ex_owner, ex_officer;
