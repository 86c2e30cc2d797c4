-- Mail: what is queued, by whom, and what becomes of it.
\set VERBOSITY terse
CREATE ROLE ml_officer IN ROLE gdpr_officer;
CREATE ROLE ml_admin IN ROLE gdpr_admin;
CREATE ROLE ml_app;

-- Due work: each job, its last run, its error.
SET ROLE ml_officer;
CALL gdpr.run_due_work();
CALL gdpr.run_due_work('no such job');
BEGIN;
CALL gdpr.run_due_work();
ROLLBACK;
RESET ROLE;
-- Attack: somebody without rights does the work.
SET ROLE ml_app;
CALL gdpr.run_due_work();
RESET ROLE;

-- Templates: an admin's own goes before the shipped one, which stays.
SET ROLE ml_admin;
SELECT name, shipped FROM gdpr.mail_template WHERE name !~ '^(request|breach)_' ORDER BY name, shipped;
UPDATE gdpr.mail_template SET subject = 'Your data at {{controller}}' WHERE name = 'access';
INSERT INTO gdpr.mail_template (name, locale, subject, body_text) VALUES ('access', 'it', 'I tuoi dati', 'Ecco.'),
    ('access', '', 'Your data at {{controller}}', 'Here it is.');
SELECT name, locale, subject, shipped FROM gdpr.mail_template WHERE name = 'access' ORDER BY locale, shipped;
DELETE FROM gdpr.mail_template WHERE name = 'access';
SELECT name, locale, subject, shipped FROM gdpr.mail_template WHERE name = 'access';
RESET ROLE;
-- Attack: somebody without rights writes a template; an officer; an admin pretends that theirs is shipped.
SET ROLE ml_app;
UPDATE gdpr.mail_template SET subject = 'x';
SET ROLE ml_officer;
UPDATE gdpr.mail_template SET subject = 'x';
SET ROLE ml_admin;
INSERT INTO gdpr.mail_template (name, subject, body_text, shipped) VALUES ('x', 'x', 'x', true);
RESET ROLE;
-- Attack: a role without rights queues mail, or reads what is queued.
SET ROLE ml_app;
INSERT INTO gdpr.outbox (template, address) VALUES ('access', 'attacker@example.it');
SELECT * FROM gdpr.outbox;
RESET ROLE;
SET ROLE ml_admin;
-- A template that cannot be rendered is refused when it is written.
INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('mine', 'x', 'Dear {{name');
INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('mine', 'x', '{{#link}}here');
INSERT INTO gdpr.mail_template (name, subject, body_text, body_html) VALUES ('mine', 'x', 'x', '{{/link}}');
-- Attack: a subject of several lines.
INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('mine', E'x\nBcc: victim@example.it', 'x');
INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('mine', 'Hello {{name}}', 'Dear {{name}}{{#wish}}, {{wish}}{{/wish}}.');
UPDATE gdpr.mail_template SET body_text = '{{' WHERE name = 'mine';
RESET ROLE;
DELETE FROM gdpr.mail_template WHERE name = 'mine';

-- What was sent, or given up, is kept for so long; what waits is not touched.
INSERT INTO gdpr.outbox (template, address, state, next_attempt) VALUES ('sent long ago', NULL, 'sent', now() - interval '366 days'),
    ('sent', NULL, 'sent', now() - interval '364 days'), ('dead long ago', 'a@example.it', 'dead', now() - interval '366 days'),
    ('dead', 'a@example.it', 'dead', now() - interval '364 days'), ('waits', 'a@example.it', 'queued', now() - interval '1000 days');
SET ROLE ml_officer;
CALL gdpr.run_due_work('mail: forget old');
SELECT template, state FROM gdpr.outbox ORDER BY id;
SET gdpr.mail_keep_days = 30;
RESET ROLE;
SET gdpr.mail_keep_days = 30;
CALL gdpr.run_due_work('mail: forget old');
SELECT template, state FROM gdpr.outbox ORDER BY id;
RESET gdpr.mail_keep_days;
DELETE FROM gdpr.outbox;
DROP ROLE ml_officer, ml_admin, ml_app;
