-- Consent forms by mail, and the portal.
SET client_min_messages = warning;
CREATE SCHEMA cf;
CREATE ROLE cf_owner;
CREATE ROLE cf_web IN ROLE gdpr_web;
CREATE ROLE cf_officer IN ROLE gdpr_officer;
CREATE ROLE cf_mailer IN ROLE gdpr_mailer;
GRANT ALL ON SCHEMA cf TO cf_owner;
GRANT USAGE ON SCHEMA cf TO cf_officer, cf_mailer;
SET gdpr.mail_from = 'privacy@example.org';
SET gdpr.public_url = 'https://example.org/privacy?lang=en';
SET ROLE cf_owner;
CREATE TABLE cf.person (id int PRIMARY KEY, email text UNIQUE, name text, age int, credit int, rating int);
CREATE TABLE cf.address (id int PRIMARY KEY, person_id int REFERENCES cf.person, town text);
SECURITY LABEL FOR gdpr ON TABLE cf.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN cf.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN cf.person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN cf.person.rating IS 'personal, derived';
SECURITY LABEL FOR gdpr ON COLUMN cf.address.town IS 'personal';
INSERT INTO cf.person VALUES (1, 'anna@example.it', 'Anna <script>alert("{{email}}")</script>', 30, 100, 5),
    (2, 'bruno@example.it', 'Bruno', 40, 200, 5), (3, 'carla@example.it', 'Carla', 50, 0, 5), (4, 'dora@example.it', 'Dora', 50, 0, 5),
    (5, 'emma@example.it', 'Emma', 50, 0, 5);
INSERT INTO cf.address VALUES (1, 1, 'Roma'), (2, 2, 'Milano');
RESET ROLE;
CALL gdpr.apply('cf.person');
CALL gdpr.apply('cf.address');
CREATE FUNCTION cf.token(message bytea) RETURNS text LANGUAGE sql AS $$
    SELECT substring(replace(replace(convert_from(message, 'UTF8'), E'=\r\n', ''), '=3D', '=') FROM 'token=([A-Za-z0-9_-]+)') $$;
RESET client_min_messages;

-- Officers write forms by plain SQL.
SET ROLE cf_officer;
INSERT INTO gdpr.controller (name, contact) VALUES ('Example & Sons', 'privacy@example.org');
INSERT INTO gdpr.purpose (name, description, basis) VALUES
    ('news', 'our monthly news', 'consent'), ('offers', 'offers made for you', 'consent'), ('bills', 'the invoice', 'contract');
INSERT INTO gdpr.consent_form (name, locale, title, introduction, waiting, remind_after, on_silence) VALUES
    ('yearly', 'en', 'May we, {{name}}?', E'Dear {{name}},\n\nwe <b>ask</b> once a year. You live in {{cf.address.town}}.', '14 days', '7 days', 'restrict'),
    ('yearly', 'it', 'Possiamo, {{name}}?', '', '14 days', NULL, 'nothing'),
    ('empty', 'en', 'Nothing', '', '1 day', NULL, 'nothing'),
    ('wrong', 'en', '{{credit_card}}', '', '1 day', NULL, 'erase'),
    ('last', 'en', 'Last chance', '', '1 day', NULL, 'erase');
INSERT INTO gdpr.consent_question (form, locale, purpose, wording, version, position) VALUES
    ('yearly', 'en', 'news', 'I, {{name}}, want the monthly news', '2026-1', 1), ('yearly', 'en', 'offers', 'I want offers', '7', 2),
    ('yearly', 'it', 'news', 'Voglio le notizie: perché no?', '1', 1), ('last', 'en', 'news', 'I want the news', '1', 1),
    ('wrong', 'en', 'news', 'x', '1', 1);
INSERT INTO gdpr.consent_question (form, purpose, wording) VALUES ('yearly', 'token', 'x');
INSERT INTO gdpr.consent_form (name, title, on_silence) VALUES ('assume', 'Silence is consent', 'consent');

-- Asked: an instruction for the mail, and no token for whoever asked.
SELECT gdpr.send_consent_form('yearly', 'cf.person', '1', 'en') AS request \gset
SELECT form, locale, subject_table, key, on_silence, remind_at - at AS reminder, waits_until - at AS waiting, answered_at
  FROM gdpr.consent_request WHERE id = :request;
SELECT template, key FROM gdpr.outbox;
SELECT gdpr.send_consent_form('yearly', 'cf.person', '1');
SELECT gdpr.send_consent_form('nothing', 'cf.person', '1');
SELECT gdpr.send_consent_form('empty', 'cf.person', '1');
SELECT gdpr.send_consent_form('wrong', 'cf.person', '1');
SELECT gdpr.send_consent_form('yearly', 'cf.person', '99', 'en');
SELECT gdpr.send_consent_form('yearly', 'cf.person', NULL, 'en');
-- A later change of the form is for those who are asked later.
UPDATE gdpr.consent_question SET wording = 'I want everything', version = '2026-2' WHERE form = 'yearly' AND purpose = 'news' AND locale = 'en';
RESET ROLE;
SET ROLE cf_mailer;
SELECT cf.token(message) AS token FROM gdpr.take_mail(1) \gset
RESET ROLE;

-- Attack: an officer who has somebody's form sent to somebody else, to answer it for them.
SET ROLE cf_officer;
SELECT gdpr.send_mail('consent_form', 'cf.person', '5', jsonb_build_object('request', :request)) AS diverted \gset
SET ROLE cf_mailer;
SELECT count(*) FROM gdpr.take_mail();
RESET ROLE;
SELECT state, error FROM gdpr.outbox WHERE id = :diverted;

-- The page: looking at it spends nothing; nothing is chosen beforehand.
SET ROLE cf_web;
SELECT gdpr.render_consent_form(:'token') = gdpr.render_consent_form(:'token') AS the_same;
-- Attack: HTML, or a merge field, in somebody's name. It is text.
SELECT replace(gdpr.render_consent_form(:'token'), :'token', 'TOKEN');
SELECT gdpr.render_consent_form(:'token') ~ 'checked|selected|autofocus|<script|https?://' AS preselects_or_loads;

-- Attack: answers to what was not asked, and what is no answer. Nothing is spent.
SELECT gdpr.answer_consent_form(:'token', '{"bills": true}');
SELECT gdpr.answer_consent_form(:'token', '{"news": "maybe"}');
SELECT gdpr.answer_consent_form(:'token', '{}');
SELECT gdpr.answer_consent_form(:'token', '[true]');
SELECT gdpr.answer_consent_form(:'token', NULL);
-- Answered: one event a purpose, with the words that were shown.
SELECT gdpr.answer_consent_form(:'token', '{"news": "yes", "offers": false}', '192.0.2.7', 'Firefox') AS answers;
-- Attack: replay.
SELECT gdpr.answer_consent_form(:'token', '{"news": false}', '192.0.2.7', 'Firefox');
SELECT gdpr.render_consent_form(:'token');
RESET ROLE;
SELECT purpose, given, evidence FROM gdpr.consent_event WHERE subject_table = 'cf.person'::regclass AND key = '1' ORDER BY id;
SELECT answered_at IS NOT NULL AS answered FROM gdpr.consent_request WHERE id = :request;
-- "No" withdraws what was given.
SET ROLE cf_officer;
SELECT gdpr.send_consent_form('yearly', 'cf.person', '1', 'it') AS request \gset
SET ROLE cf_mailer;
SELECT cf.token(message) AS token, convert_from(message, 'UTF8') LIKE '%Subject: May we use your data?%' AS subject FROM gdpr.take_mail(1) \gset
SET ROLE cf_web;
SELECT substring(gdpr.render_consent_form(:'token') FROM '<html[^>]*>') AS html, gdpr.render_consent_form(:'token') LIKE '%Sì%No%Invia%' AS words;
SELECT gdpr.answer_consent_form(:'token', '{"news": "no"}');
RESET ROLE;
SELECT gdpr.has_consent('cf.person', '1', 'news');

-- Silence: reminded once, by another link to the same form; then what the form says.
SET ROLE cf_officer;
SELECT gdpr.send_consent_form('yearly', 'cf.person', '2', 'en') AS two, gdpr.send_consent_form('yearly', 'cf.person', '3', 'en') AS three,
       gdpr.send_consent_form('last', 'cf.person', '4') AS four, gdpr.send_consent_form('last', 'cf.person', '5') AS five \gset
SELECT gdpr.hold('cf.person', '5', 'a lawsuit');
SET ROLE cf_mailer;
SELECT cf.token(message) AS two_first FROM gdpr.take_mail(1) \gset
SELECT cf.token(message) AS three_first FROM gdpr.take_mail(1) \gset
SELECT count(*) FROM gdpr.take_mail();
RESET ROLE;
CALL gdpr.run_due_work();
SELECT count(*) FROM gdpr.outbox WHERE state = 'queued';
UPDATE gdpr.consent_request SET remind_at = now() WHERE id IN (:two, :three);
CALL gdpr.run_due_work();
CALL gdpr.run_due_work();
SELECT template, key FROM gdpr.outbox WHERE state = 'queued' ORDER BY id;
SELECT error FROM gdpr.due_work WHERE job LIKE 'form%';
SET ROLE cf_mailer;
SELECT cf.token(message) AS two_again FROM gdpr.take_mail(1) \gset
SELECT count(*) FROM gdpr.take_mail();
SET ROLE cf_web;
-- Attack: both links of one form. The first that is answered spends both.
SELECT gdpr.answer_consent_form(:'two_again', '{"news": true}');
SELECT gdpr.answer_consent_form(:'two_first', '{"news": false}');
RESET ROLE;
SELECT gdpr.has_consent('cf.person', '2', 'news');
UPDATE gdpr.consent_request SET lapses_at = now(), waits_until = now() - interval '1 second' WHERE answered_at IS NULL;
SET ROLE cf_web;
SELECT gdpr.answer_consent_form(:'three_first', '{"news": true}');
RESET ROLE;
-- Attack: a mail that never arrives, so that its person is erased without having been asked.
CALL gdpr.run_due_work();
SELECT key, on_silence, lapsed_at, problem FROM gdpr.consent_request WHERE answered_at IS NULL ORDER BY id;
SELECT count(gdpr.acknowledge_mail(id)) > 2 AS acknowledged FROM gdpr.outbox WHERE state = 'taken';
UPDATE gdpr.consent_request SET lapses_at = now() WHERE answered_at IS NULL;
CALL gdpr.run_due_work();
SELECT form, key, answered_at IS NOT NULL AS answered, lapsed_at IS NOT NULL AS lapsed, problem, lapses_at > now() AS again
  FROM gdpr.consent_request ORDER BY id;
SET ROLE cf_officer;
SELECT key, reason FROM gdpr.restriction WHERE subject_table = 'cf.person'::regclass AND kind = 'request';
RESET ROLE;
SELECT id FROM cf.person ORDER BY id;
-- Who answered by another way was not silent.
SET ROLE cf_officer;
SELECT gdpr.release('cf.person', '5');
SELECT gdpr.give_consent('cf.person', '5', 'news', '{"wording": "I want the news", "source": "telephone"}') > 0 AS given;
RESET ROLE;
UPDATE gdpr.consent_request SET lapses_at = now() WHERE key = '5';
CALL gdpr.run_due_work();
SELECT answered_at IS NOT NULL AS answered, lapsed_at FROM gdpr.consent_request WHERE key = '5';

-- The portal: seen, corrected, withdrawn by the person, with a link that was mailed to them.
SET ROLE cf_officer;
SELECT gdpr.send_portal_link('cf.person', '2') > 0 AS queued;
SELECT gdpr.send_portal_link('cf.person', '99');
SET ROLE cf_mailer;
SELECT cf.token(message) AS portal, convert_from(message, 'UTF8') ~ 'privacy\?lang=3?D?en&token' AS link FROM gdpr.take_mail(1) \gset
SET ROLE cf_web;
SELECT gdpr.self_access(:'portal') -> 'data' -> 'cf.person' -> 0 ->> 'name' AS name, gdpr.self_access(:'portal') -> 'data' -> 'cf.address' AS address;
SELECT gdpr.self_rectify(:'portal', '{"name": "Bruno B.", "cf.address": {"2": {"town": "Torino"}}}');
SELECT gdpr.self_access(:'portal') -> 'data' -> 'cf.person' -> 0 ->> 'name' AS name;
SELECT gdpr.self_withdraw(:'portal', 'news') > 0 AS withdrawn, gdpr.self_withdraw(:'portal', 'offers') AS nothing;
SELECT gdpr.self_withdraw(:'portal', 'nothing');
-- Attack: a person who corrects what is not theirs to say: what they owe, what is made of their data, their key, other people.
SELECT gdpr.self_rectify(:'portal', '{"credit": 1000000}');
SELECT gdpr.self_rectify(:'portal', '{"rating": 10}');
SELECT gdpr.self_rectify(:'portal', '{"id": 1}');
SELECT gdpr.self_rectify(:'portal', '{"cf.address": {"1": {"town": "Bari"}}}');
SELECT gdpr.self_rectify(:'portal', '{"cf.person": {"1": {"name": "x"}}}');
SELECT gdpr.self_rectify(:'portal', '{"cf.address": {"2": {"person_id": 1}}}');
SELECT gdpr.self_rectify(:'portal', '[]');
-- A new address confirms first: nothing is changed before, then all that was asked for, and the old address hears of it.
SELECT gdpr.self_rectify(:'portal', '{"email": "bruno@EXAMPLE.it", "name": "Bruno C."}') AS the_same_address;
SELECT gdpr.self_rectify(:'portal', '{"email": "b.new@example.it", "name": "Bruno N."}') AS waits;
SELECT gdpr.self_rectify(:'portal', '{"email": "b.newer@example.it"}') AS waits;
RESET ROLE;
SELECT email, name FROM cf.person WHERE id = 2;
SET ROLE cf_mailer;
SELECT cf.token(message) AS confirm, address, convert_from(message, 'UTF8') ~ 'Bruno' AS says_who FROM gdpr.take_mail(1) \gset
SELECT :'address' AS address, :'says_who' AS says_who;
SELECT cf.token(message) AS newer FROM gdpr.take_mail(1) \gset
SET ROLE cf_web;
SELECT gdpr.self_rectify(:'portal', '{"email": null}');
SELECT gdpr.self_rectify(:'portal', '{"email": "bruno.example.it"}');
-- Attack: the token of one thing for another.
SELECT gdpr.self_confirm(:'portal');
SELECT gdpr.self_access(:'confirm');
SELECT gdpr.self_confirm(:'confirm');
-- Attack: replay, and the other change that waited.
SELECT gdpr.self_confirm(:'confirm');
SELECT gdpr.self_confirm(:'newer');
RESET ROLE;
SELECT email, name FROM cf.person WHERE id = 2;
SELECT template, address, key FROM gdpr.outbox WHERE template = 'address_changed';
SELECT note FROM gdpr.audit_log WHERE subject_table = 'cf.person'::regclass AND key = '2' AND operation = 'rectify' ORDER BY id DESC LIMIT 1;
-- Attack: an officer lets the person confirm what they never asked for.
SET ROLE cf_officer;
SELECT gdpr.send_mail('confirm_address', 'cf.person', '2', '{"changes": {"name": "Fool"}}') AS forged \gset
SELECT gdpr.send_mail('confirm_address', 'cf.person', '2', '{"changes": {"email": "fool@example.it"}}') AS forged_too \gset
SET ROLE cf_mailer;
SELECT address FROM gdpr.take_mail();
RESET ROLE;
SELECT state, error FROM gdpr.outbox WHERE id IN (:forged, :forged_too);
DELETE FROM gdpr.outbox WHERE id IN (:forged, :forged_too);
SET ROLE cf_web;
-- Attack: trying whose address is known. Whoever reads mail there learns it, and nobody else; the table's words are kept back.
SELECT gdpr.self_rectify(:'portal', '{"email": "anna@example.it"}') AS waits;
-- Attack: mails to anybody, as many as one likes.
SELECT gdpr.self_rectify(:'portal', '{"email": "victim@example.it"}');
SET ROLE cf_mailer;
SELECT cf.token(message) AS taken FROM gdpr.take_mail(1) \gset
SET ROLE cf_web;
SELECT gdpr.self_confirm(:'taken');
-- Attack: the portal's token for a form, and by a guess.
SELECT gdpr.answer_consent_form(:'portal', '{"news": true}');
SELECT gdpr.optin_confirm(:'portal');
SELECT gdpr.self_access('p' || repeat('A', 43));
RESET ROLE;
SELECT id, email, name, credit, rating FROM cf.person WHERE id = 2;
SELECT operation, key, session_role = session_user AS by_session FROM gdpr.audit_log
 WHERE subject_table = 'cf.person'::regclass AND key = '2' AND operation IN ('access', 'rectify', 'withdraw_consent') ORDER BY operation;
-- The link follows the person to another key.
UPDATE cf.person SET id = 20 WHERE id = 5;
SET ROLE cf_officer;
SELECT gdpr.send_access('cf.person', '20') > 0 AS queued, gdpr.send_rectification('cf.person', '20') > 0 AS queued_too;
SET ROLE cf_mailer;
SELECT cf.token(message) AS access FROM gdpr.take_mail(1) \gset
SELECT cf.token(message) AS rectification FROM gdpr.take_mail(1) \gset
RESET ROLE;
UPDATE cf.person SET id = 21 WHERE id = 20;
SET ROLE cf_web;
SELECT gdpr.self_access(:'access') -> 'subject' AS of_the_access_mail, gdpr.self_rectify(:'rectification', '{"name": "Emma E."}') AS of_the_other;
-- Attack: reading a mail whose attachment is sealed, for its link.
SET ROLE cf_officer;
SELECT gdpr.send_mail('access', 'cf.person', '21', '{"public_key": "x"}') > 0 AS queued;
SET ROLE cf_mailer;
SELECT cf.token(message) AS token_in_a_sealed_mail FROM gdpr.take_mail(1);
-- A restricted person sees their data; changes are for an officer.
SET ROLE cf_officer;
SELECT gdpr.restrict('cf.person', '21', 'asked');
SET ROLE cf_web;
SELECT gdpr.self_access(:'access') -> 'data' -> 'cf.person' -> 0 ->> 'name' AS name;
SELECT gdpr.self_rectify(:'access', '{"name": "Emma"}');
SELECT gdpr.self_withdraw(:'access', 'news') > 0 AS withdrawn;
RESET ROLE;
-- The link goes with the person, and with the time.
UPDATE gdpr.token SET expires_at = now() WHERE use = 'portal';
SET ROLE cf_web;
SELECT gdpr.self_access(:'portal');
RESET ROLE;
UPDATE gdpr.token SET expires_at = now() + interval '1 hour' WHERE use = 'portal';
SET ROLE cf_officer;
SELECT relation, action, rows FROM gdpr.forget('cf.person', '2', 'asked') WHERE relation IN ('gdpr.token'::regclass, 'gdpr.consent_request'::regclass);
SET ROLE cf_web;
SELECT gdpr.self_access(:'portal');
RESET ROLE;
SELECT form, key FROM gdpr.consent_request ORDER BY id;

SET client_min_messages = warning;
SELECT gdpr.unrestrict('cf.person', '3', 'end of test');
SELECT gdpr.unrestrict('cf.person', '21', 'end of test');
DELETE FROM gdpr.consent_question;
DELETE FROM gdpr.consent_form;
DELETE FROM gdpr.consent_request;
DELETE FROM gdpr.token;
DELETE FROM gdpr.outbox;
DELETE FROM gdpr.consent_event;
DELETE FROM gdpr.purpose;
DELETE FROM gdpr.controller;
DELETE FROM gdpr.blocklist;
DELETE FROM gdpr.erasure;
DROP SCHEMA cf CASCADE;
DROP ROLE cf_owner, cf_web, cf_officer, cf_mailer;
