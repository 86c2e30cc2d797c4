-- Keys that are equal by an equality of their own type, which no search_path may hide: citext, with a foreign key and
-- without, alone and in a composite key.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA ci;
CREATE EXTENSION citext SCHEMA ci;
CREATE TABLE ci.person (email ci.citext PRIMARY KEY, name text);
CREATE TABLE ci.visit (id int PRIMARY KEY, email ci.citext REFERENCES ci.person ON UPDATE CASCADE, place text);
CREATE TABLE ci.note (id int PRIMARY KEY, email ci.citext, body text);
CREATE TABLE ci.seat (hall ci.citext, no int, email ci.citext, who text, PRIMARY KEY (hall, no));
CREATE TABLE ci.guest (id int PRIMARY KEY, hall ci.citext, no int, name text);
INSERT INTO ci.person VALUES ('Anna@example.it', 'Anna'), ('bruno@example.it', 'Bruno');
INSERT INTO ci.visit VALUES (1, 'anna@example.it', 'bar'), (2, 'Bruno@example.it', 'pub');
INSERT INTO ci.note VALUES (1, 'ANNA@example.it', 'sings'), (2, 'BRUNO@example.it', 'paints');
INSERT INTO ci.seat VALUES ('Red', 1, 'anna@EXAMPLE.it', 'Anna'), ('Blue', 1, 'bruno@EXAMPLE.it', 'Bruno');
INSERT INTO ci.guest VALUES (1, 'RED', 1, 'Carla'), (2, 'BLUE', 1, 'Dino');
SECURITY LABEL FOR gdpr ON TABLE ci.person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE ci.note IS 'owned(email -> ci.person)';
SECURITY LABEL FOR gdpr ON TABLE ci.seat IS 'owned(email -> ci.person)';
SECURITY LABEL FOR gdpr ON TABLE ci.guest IS 'owned(hall, no -> ci.seat)';
SECURITY LABEL FOR gdpr ON COLUMN ci.person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ci.visit.place IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ci.note.body IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ci.seat.who IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ci.guest.name IS 'personal';
CALL gdpr.apply();

SELECT r.key AS relation, jsonb_array_length(r.value) AS rows
  FROM jsonb_each(gdpr.access('ci.person', 'Anna@example.it') -> 'data') r ORDER BY 1;
SELECT gdpr.rectify('ci.person', 'Anna@example.it', '{"name": "Anna B.", "ci.note": {"1": {"body": "dances"}}}', 'asked');
SELECT gdpr.rectify('ci.person', 'Anna@example.it', '{"email": "anna.b@example.it"}', 'asked');
SELECT email FROM ci.visit UNION ALL SELECT email FROM ci.note UNION ALL SELECT email FROM ci.seat ORDER BY 1;
-- Attack: whoever is restricted is seen under another spelling, or restricted under one that is not theirs.
CREATE ROLE ci_app LOGIN;
GRANT USAGE ON SCHEMA ci TO ci_app;
GRANT SELECT ON ALL TABLES IN SCHEMA ci TO ci_app;
SELECT gdpr.restrict('ci.person', 'BRUNO@example.it', 'contested');
SELECT key::text FROM gdpr.restriction;
SET SESSION AUTHORIZATION ci_app;
SELECT (SELECT string_agg(name, ',') FROM ci.person) AS persons, (SELECT string_agg(place, ',') FROM ci.visit) AS visits,
       (SELECT string_agg(body, ',') FROM ci.note) AS notes, (SELECT string_agg(who, ',') FROM ci.seat) AS seats,
       (SELECT string_agg(name, ',') FROM ci.guest) AS guests;
RESET SESSION AUTHORIZATION;
SELECT gdpr.unrestrict('ci.person', 'bruno@EXAMPLE.it', 'settled');
DELETE FROM gdpr.outbox;
SELECT * FROM gdpr.forget('ci.person', 'ANNA.B@example.it', 'asked');
SELECT * FROM gdpr.verify_forgotten('ci.person', 'anna.b@example.it');
SELECT (SELECT count(*) FROM ci.visit) AS visits, (SELECT count(*) FROM ci.note) AS notes,
       (SELECT count(*) FROM ci.seat) AS seats, (SELECT count(*) FROM ci.guest) AS guests;
-- Attack: rows under another spelling are left when the row itself is gone.
DELETE FROM ci.visit;
DELETE FROM ci.person;
SELECT * FROM gdpr.verify_forgotten('ci.person', 'bruno@example.it');
SELECT * FROM gdpr.forget('ci.person', 'bruno@example.it', 'asked');
SELECT * FROM gdpr.verify_forgotten('ci.person', 'bruno@example.it');
SELECT (SELECT count(*) FROM ci.note) AS notes, (SELECT count(*) FROM ci.seat) AS seats, (SELECT count(*) FROM ci.guest) AS guests;
DROP OWNED BY ci_app;
DROP ROLE ci_app;
DROP SCHEMA ci CASCADE;
DELETE FROM gdpr.erasure;
