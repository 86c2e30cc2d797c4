-- Double opt-in: strangers who fill in a form and confirm by mail.
SET client_min_messages = warning;
CREATE SCHEMA optin;
CREATE ROLE optin_owner;
CREATE ROLE optin_app;
CREATE ROLE optin_web IN ROLE gdpr_web;
CREATE ROLE optin_officer IN ROLE gdpr_officer;
CREATE ROLE optin_mailer IN ROLE gdpr_mailer;
GRANT ALL ON SCHEMA optin TO optin_owner;
GRANT USAGE ON SCHEMA optin TO optin_app, optin_officer;
SET gdpr.mail_from = 'privacy@example.org';
SET gdpr.public_url = 'https://example.org/privacy';
SET ROLE optin_owner;
CREATE TABLE optin.contact (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text,
    birth date CHECK (birth < '2020-01-01'),
    phone varchar(20) UNIQUE,
    score int,
    is_admin boolean NOT NULL DEFAULT false,
    CHECK (name <> '' AND (contact.* IS DISTINCT FROM NULL)),
    CHECK (10 / length(name) >= 0));
CREATE TABLE optin.plain (id int PRIMARY KEY, email text);
GRANT SELECT, INSERT ON optin.contact TO optin_app;
SECURITY LABEL FOR gdpr ON TABLE optin.contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN optin.contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN optin.contact.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN optin.contact.birth IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN optin.contact.phone IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN optin.contact.score IS 'personal, derived';
RESET ROLE;
CALL gdpr.apply('optin.contact');
-- What a mail says, and the token in its link.
CREATE FUNCTION optin.body(message bytea) RETURNS text LANGUAGE sql AS $$
    SELECT replace(replace(convert_from(message, 'UTF8'), E'=\r\n', ''), '=3D', '=') $$;
CREATE FUNCTION optin.token(message bytea) RETURNS text LANGUAGE sql AS $$
    SELECT substring(optin.body(message) FROM 'token=([A-Za-z0-9_-]+)') $$;
GRANT USAGE ON SCHEMA optin TO optin_mailer;
SET ROLE optin_officer;
INSERT INTO gdpr.purpose (name, description, basis) VALUES
    ('news', 'our monthly news', 'consent'), ('offers', 'offers made for you', 'consent'), ('bills', 'the invoice', 'contract');
INSERT INTO gdpr.optin_form (name, target, email_column, purposes) VALUES
    ('signup', 'optin.contact', 'email', '{news,offers}');
RESET ROLE;
RESET client_min_messages;

-- A stranger submits: nothing is in the table, what was filled in lies encrypted, and a mail goes out.
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "anna@example.it", "name": "Anna", "birth": "1990-05-04", "purposes": ["news"]}',
                         '192.0.2.7', 'Firefox') > 0 AS held;
RESET ROLE;
SELECT count(*) FROM optin.contact;
SELECT form, payload, purposes, content, address, agent, expires_at - at AS valid, confirmed_at FROM gdpr.optin_submission;
SELECT template, address, state FROM gdpr.outbox;
SET ROLE optin_mailer;
SELECT address, optin.token(message) AS token, optin.body(message) ~ 'https://example.org/privacy\?token=o[A-Za-z0-9_-]{43}\s' AS link,
       optin.body(message) ~ 'Anna|1990' AS tells FROM gdpr.take_mail() \gset
\echo :address :link :tells
RESET ROLE;
SELECT use, length(hash), used_at, expires_at <= now() + '3 days' AS expires, subject_table FROM gdpr.token;

-- Confirmed: stored as the table's owner, with source and consent, both steps in the evidence.
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'token', '192.0.2.8') AS anna \gset
RESET ROLE;
SELECT id = :'anna' AS same, email, name, birth, is_admin FROM optin.contact;
SELECT kind, name, address, role FROM gdpr.provenance WHERE subject_table = 'optin.contact'::regclass AND key = :'anna';
SELECT purpose, given, evidence - 'submitted' - 'confirmed' AS evidence,
       evidence -> 'submitted' ->> 'address' AS submitted_from, evidence -> 'submitted' ->> 'agent' AS by,
       evidence -> 'confirmed' ->> 'address' AS confirmed_from,
       (evidence -> 'submitted' ->> 'at')::timestamptz <= (evidence -> 'confirmed' ->> 'at')::timestamptz AS in_order
  FROM gdpr.consent WHERE subject_table = 'optin.contact'::regclass;
SELECT payload, address, agent, confirmed_at IS NOT NULL AS confirmed, key = :'anna' AS anna FROM gdpr.optin_submission;

-- A second click is harmless.
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'token', '198.51.100.1') = :'anna' AS same;
RESET ROLE;
SELECT (SELECT count(*) FROM optin.contact) AS people, (SELECT count(*) FROM gdpr.consent_event WHERE key IS NOT NULL) AS events;

-- Attack: guessing tokens. Whatever is wrong, the answer is the same, and whoever guesses waits.
SET ROLE optin_web;
SELECT gdpr.optin_confirm('');
SELECT gdpr.optin_confirm('o' || repeat('A', 43));
SELECT gdpr.optin_confirm(repeat('A', 100000));
SELECT gdpr.optin_confirm(:'token' || 'A');
SELECT gdpr.optin_confirm(upper(:'token'));
DO $$
DECLARE began timestamptz := clock_timestamp();
BEGIN
    FOR i IN 1 .. 3 LOOP
        BEGIN
            PERFORM gdpr.optin_confirm('guess ' || i);
        EXCEPTION WHEN invalid_authorization_specification THEN NULL;
        END;
    END LOOP;
    RAISE NOTICE 'waited: %', clock_timestamp() - began >= '300 ms';
END $$;
-- Attack: a token for another purpose than its own.
SELECT gdpr.self_access(:'token');
SELECT gdpr.render_consent_form(:'token');
SELECT gdpr.answer_consent_form(:'token', '{"news": true}');
SELECT gdpr.self_withdraw(:'token', 'news');
SELECT gdpr.self_rectify(:'token', '{"name": "x"}');
RESET ROLE;

-- Attack: columns that strangers have no business with, unknown ones, and what is no payload.
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "is_admin": true}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "id": 1}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "score": 100}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "name) SELECT 1; --": "x"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "ctid": "(0,1)"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "birth": "nonsense"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "birth": "2021-01-01"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "phone": "012345678901234567890"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "name": ""}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "name": {"a": 1}}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "purposes": ["bills"]}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "purposes": "news"}');
SELECT gdpr.optin_submit('signup', '{"name": "Eve"}');
SELECT gdpr.optin_submit('signup', '["eve@example.it"]');
SELECT gdpr.optin_submit('nothing', '{"email": "eve@example.it"}');
SELECT gdpr.optin_submit('signup', NULL);
-- Attack: a payload too large.
SELECT gdpr.optin_submit('signup', jsonb_build_object('email', 'eve@example.it', 'name', repeat('x', 20000)));
-- Attack: a header, or another recipient, smuggled into the address.
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it\r\nBcc: all@example.it"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it, bob@example.it"}');
SELECT gdpr.optin_submit('signup', '{"email": "Eve <eve@example.it>"}');
SELECT gdpr.optin_submit('signup', '{"email": "eve@bob@example.it"}');
RESET ROLE;
SELECT count(*) FROM gdpr.optin_submission;

-- Attack: whose address is known? The answers are alike; the mail, which only its owner reads, is not.
SET ROLE optin_app;
INSERT INTO optin.contact (email, name, phone) VALUES ('bruno@example.it', 'Bruno', '+39061234567');
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "bruno@example.it", "name": "Somebody"}') > 0 AS known,
       gdpr.optin_submit('signup', '{"email": "carla@example.it", "name": "Carla"}') > 0 AS unknown;
RESET ROLE;
SELECT template, address FROM gdpr.outbox WHERE state = 'queued' ORDER BY id;
-- Nothing of the form's goes with the mail: or strangers could send their own words to anybody.
SET ROLE optin_mailer;
SELECT optin.token(message) AS bruno, optin.body(message) ~ 'Somebody|Carla' AS words FROM gdpr.take_mail(1) \gset
\echo :words
SELECT optin.token(message) AS carla FROM gdpr.take_mail(1) \gset
-- Who is known already is not stored again, and keeps their data; they agreed.
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'bruno', '192.0.2.9') AS key \gset
RESET ROLE;
SELECT email, name, gdpr.has_consent('optin.contact', :'key', 'news') AS news,
       gdpr.has_consent('optin.contact', :'key', 'offers') AS offers FROM optin.contact WHERE id = :'key';

-- Submitted twice before either was confirmed: stored once, whichever link is followed, and both.
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "carla@EXAMPLE.it", "name": "Carla again", "purposes": []}') > 0 AS held;
SET ROLE optin_mailer;
SELECT optin.token(message) AS again FROM gdpr.take_mail(1) \gset
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'carla') AS first \gset
SELECT gdpr.optin_confirm(:'again') = :'first' AS same;
RESET ROLE;
SELECT email, name FROM optin.contact WHERE id = :'first';

-- Attack: trying whose telephone number is known, by confirming one's own address with it. Nothing is told, nothing done.
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "eve@example.it", "phone": "+39061234567"}') > 0 AS held;
SET ROLE optin_mailer;
SELECT optin.token(message) AS eve FROM gdpr.take_mail(1) \gset
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'eve');
RESET ROLE;
SELECT count(*) FROM optin.contact WHERE email = 'eve@example.it';
SELECT used_at FROM gdpr.token ORDER BY id DESC LIMIT 1;

-- Forgotten, and back by a confirmed opt-in: the block is lifted, and seen to have been.
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "anna@example.it", "name": "Anna pending"}') > 0 AS held;
RESET ROLE;
INSERT INTO gdpr.outbox (template, address, state) VALUES ('optin', 'anna@EXAMPLE.IT', 'dead'), ('optin', 'annalisa@example.it', 'dead');
SET ROLE optin_officer;
SELECT relation, action, rows FROM gdpr.forget('optin.contact', :'anna', 'she asked') ORDER BY relation::text, action;
SELECT address FROM gdpr.outbox WHERE address LIKE 'anna%';
SELECT count(*) AS pending FROM gdpr.optin_submission WHERE confirmed_at IS NULL AND form = 'signup';
SET ROLE optin_app;
INSERT INTO optin.contact (email) VALUES ('anna@example.it') RETURNING id AS imported \gset
RESET ROLE;
DELETE FROM optin.contact WHERE id = :imported;
-- What she had submitted before is gone, and the mail that waits says so to nobody.
SET ROLE optin_mailer;
SELECT count(*) FROM gdpr.take_mail();
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'token');
SELECT gdpr.optin_submit('signup', '{"email": "anna@example.it", "name": "Anna is back", "phone": "+39061234567"}') > 0 AS held;
SELECT gdpr.optin_submit('signup', '{"email": "anna@example.it", "name": "Anna is back"}') > 0 AS held;
RESET ROLE;
SELECT template, address FROM gdpr.outbox WHERE state = 'queued' ORDER BY id;
SET ROLE optin_mailer;
SELECT optin.token(message) AS bad FROM gdpr.take_mail(1) \gset
SELECT optin.token(message) AS back FROM gdpr.take_mail(1) \gset
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'back') AS anna \gset
SET ROLE optin_officer;
SELECT reason, entries FROM gdpr.unblocking;
SELECT relation, column_name, action, rows FROM gdpr.blocklist_hits() WHERE action = 'lift';
RESET ROLE;
SELECT email, name FROM optin.contact WHERE id = :'anna';

-- Attack: mailing somebody to death. So many mails a day to one address, and so many submissions from another.
SET ROLE optin_web;
SELECT count(gdpr.optin_submit('signup', '{"email": "dora@example.it"}')) FROM generate_series(1, 5);
RESET ROLE;
SELECT count(*) FROM gdpr.outbox WHERE address = 'dora@example.it';
UPDATE gdpr.optin_form SET submissions_per_hour = 2 WHERE name = 'signup';
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "a@example.it"}', '203.0.113.1') > 0 AS held;
SELECT gdpr.optin_submit('signup', '{"email": "b@example.it"}', '203.0.113.1') > 0 AS held;
SELECT gdpr.optin_submit('signup', '{"email": "c@example.it"}', '203.0.113.1') > 0 AS held;
SELECT gdpr.optin_submit('signup', '{"email": "c@example.it"}', '203.0.113.2') > 0 AS held;
RESET ROLE;

-- Attack: an officer who confirms for the person. No row that they may read has the token, nor what waits.
SET ROLE optin_mailer;
SELECT optin.token(message) AS dora FROM gdpr.take_mail(1) \gset
RESET ROLE;
SELECT set_config('optin.token', :'dora', false) <> '' AS set;
SET ROLE optin_officer;
SELECT count(*) FROM gdpr.token;
SELECT payload FROM gdpr.optin_submission;
SELECT gdpr.optin_confirm(current_setting('optin.token'));
SELECT count(*) FROM gdpr.take_mail();
RESET ROLE;
DO $$
DECLARE
    one record; found int; looked int := 0;
BEGIN
    SET ROLE optin_officer;
    FOR one IN SELECT c.oid::regclass AS relation, string_agg(format('%I::text', a.attname), ', ') AS columns
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relnamespace = 'gdpr'::regnamespace AND c.relkind IN ('r', 'v', 'p', 'm')
                  AND has_column_privilege(c.oid, a.attnum, 'SELECT')
                GROUP BY c.oid LOOP
        EXECUTE format('SELECT count(*) FROM (SELECT concat_ws('' '', %s) AS row FROM %s) r WHERE strpos(row, $1) > 0', one.columns, one.relation)
            INTO found USING current_setting('optin.token');
        looked := looked + 1;
        IF found > 0 THEN RAISE EXCEPTION 'the token is in %', one.relation; END IF;
    END LOOP;
    RAISE NOTICE 'looked into several relations: %', looked > 10;
    RESET ROLE;
END $$;

-- Attack: an officer who has somebody else's link sent to themselves. It goes to the address of the submission alone.
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "gina@example.it"}', '203.0.113.9') AS gina \gset
SET ROLE optin_officer;
SELECT gdpr.send_mail('optin', 'optin.contact', :'key', jsonb_build_object('submission', :gina)) AS diverted \gset
SELECT gdpr.send_mail('optin', 'optin.contact', :'key') AS empty \gset
SET ROLE optin_mailer;
SELECT count(*) FROM gdpr.take_mail(100) WHERE address = 'bruno@example.it';
RESET ROLE;
SELECT state, error FROM gdpr.outbox WHERE id IN (:diverted, :empty);

-- Attack: the web role does anything else. It has these functions more than anybody, and no table.
SELECT p.oid::regprocedure AS may FROM pg_proc p WHERE p.pronamespace = 'gdpr'::regnamespace
   AND has_function_privilege('optin_web', p.oid, 'EXECUTE') AND NOT has_function_privilege('optin_app', p.oid, 'EXECUTE')
 ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT c.oid::regclass AS reads FROM pg_class c WHERE c.relnamespace IN ('gdpr'::regnamespace, 'optin'::regnamespace)
   AND c.relkind IN ('r', 'v', 'p', 'm') AND has_any_column_privilege('optin_web', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
   AND NOT (c.relnamespace = 'gdpr'::regnamespace AND has_any_column_privilege('public', c.oid, 'SELECT'));
SELECT 'optin.contact'::regclass::oid AS contact \gset
SET ROLE optin_web;
SELECT * FROM optin.contact;
SELECT gdpr.access(:contact, '1');
SELECT gdpr.rectify(:contact, '1', '{"name": "x"}', 'x');
SELECT * FROM gdpr.forget(:contact, '1', 'x');
SELECT * FROM gdpr.find('bruno@example.it');
SELECT gdpr.send_portal_link(:contact, '1');
SELECT gdpr.send_consent_form('x', :contact, '1');
SELECT gdpr.give_consent(:contact, '1', 'news', '{"wording": "x"}');
UPDATE gdpr.optin_form SET columns = '{is_admin}';
RESET ROLE;

-- What nobody confirmed in time cannot be confirmed, and is deleted by due work.
UPDATE gdpr.optin_submission SET expires_at = now() - interval '1 second', at = now() - interval '25 hours' WHERE confirmed_at IS NULL;
UPDATE gdpr.token SET expires_at = now() - interval '1 second' WHERE used_at IS NULL;
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'dora');
RESET ROLE;
CALL gdpr.run_due_work();
SELECT count(*) FROM gdpr.optin_submission WHERE confirmed_at IS NULL;
SELECT count(*) FROM gdpr.token WHERE used_at IS NULL;

-- What a form says is as narrow, or as wide, as its columns; and its target is a subject table.
SET ROLE optin_officer;
UPDATE gdpr.optin_form SET columns = '{name}' WHERE name = 'signup';
INSERT INTO gdpr.optin_form (name, target, email_column) VALUES ('bad_target', 'optin.plain', 'email'), ('bad_column', 'optin.contact', 'mail');
INSERT INTO gdpr.optin_form (name, target, email_column, purposes) VALUES ('bad_purpose', 'optin.contact', 'email', '{bills}');
INSERT INTO gdpr.optin_form (name, target, email_column) VALUES ('Bad; name', 'optin.contact', 'email');
SET ROLE optin_web;
SELECT gdpr.optin_submit('signup', '{"email": "f@example.it", "phone": "1"}');
SELECT gdpr.optin_submit('signup', '{"email": "f@example.it", "name": "F"}') > 0 AS held;
SELECT gdpr.optin_submit('bad_target', '{"email": "f@example.it"}');
SELECT gdpr.optin_submit('bad_column', '{"email": "f@example.it"}');
SELECT gdpr.optin_submit('bad_purpose', '{"email": "f@example.it"}');
RESET ROLE;

-- Children: what the purpose asks for goes into the evidence (Art. 8).
SET ROLE optin_officer;
UPDATE gdpr.purpose SET child_age = 16 WHERE name = 'offers';
INSERT INTO gdpr.optin_form (name, target, email_column, purposes, wordings, version, locale, page) VALUES
    ('young', 'optin.contact', 'email', '{offers}', '{"offers": "Sì, voglio le offerte"}', '3', 'it', 'https://young.example/');
SET ROLE optin_web;
SELECT gdpr.optin_submit('young', '{"email": "hugo@example.it", "age": 12, "parent": {"name": "Ida", "verified": "by telephone"}}') > 0 AS held;
SELECT gdpr.optin_submit('young', '{"email": "ivo@example.it", "age": 12}');
SELECT gdpr.optin_submit('young', '{"email": "ivo@example.it"}');
SET ROLE optin_mailer;
SELECT optin.token(message) AS hugo, optin.body(message) LIKE '%https://young.example/?token=%' AS page FROM gdpr.take_mail() WHERE address = 'hugo@example.it' \gset
\echo :page
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'hugo') AS hugo_key \gset
RESET ROLE;
SELECT evidence ->> 'wording' AS wording, evidence ->> 'version' AS version, evidence ->> 'locale' AS locale, evidence -> 'age' AS age,
       evidence -> 'parent' AS parent FROM gdpr.consent WHERE key = :'hugo_key';

-- A partitioned table with a composite and encrypted key.
SET ROLE optin_owner;
CREATE TABLE optin.member (club text, mail text, name text, PRIMARY KEY (club, mail)) PARTITION BY LIST (club);
CREATE TABLE optin.member_go PARTITION OF optin.member FOR VALUES IN ('go, chess');
SECURITY LABEL FOR gdpr ON TABLE optin.member IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN optin.member.mail IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN optin.member.name IS 'personal, encrypted';
RESET ROLE;
CALL gdpr.apply('optin.member');
SET ROLE optin_officer;
INSERT INTO gdpr.optin_form (name, target, email_column, purposes, columns) VALUES ('member', 'optin.member', 'mail', '{news}', '{club,name}');
SET ROLE optin_web;
SELECT gdpr.optin_submit('member', '{"mail": "kim@example.it", "name": "Kim", "club": "go, chess"}') > 0 AS held;
SELECT gdpr.optin_submit('member', '{"mail": "kim@example.it", "name": "Kim"}');
SET ROLE optin_mailer;
SELECT optin.token(message) AS kim FROM gdpr.take_mail(1) \gset
SET ROLE optin_web;
SELECT gdpr.optin_confirm(:'kim');
RESET ROLE;
SELECT club, mail, name, gdpr.has_consent('optin.member', '("go, chess",kim@example.it)', 'news') AS news FROM optin.member;

-- The end of the person is the end of what was confirmed.
DELETE FROM optin.contact WHERE id = :'anna';
SELECT count(*) FROM gdpr.optin_submission WHERE key = :'anna';

SET client_min_messages = warning;
DELETE FROM gdpr.optin_form;
DELETE FROM gdpr.optin_submission;
DELETE FROM gdpr.token;
DELETE FROM gdpr.outbox;
DELETE FROM gdpr.consent_event;
DELETE FROM gdpr.purpose;
DELETE FROM gdpr.blocklist;
DELETE FROM gdpr.unblocking;
DELETE FROM gdpr.erasure;
DROP SCHEMA optin CASCADE;
DROP ROLE optin_owner, optin_app, optin_web, optin_officer, optin_mailer;
