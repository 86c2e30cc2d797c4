-- Legal holds; what the audit log and the statistics know of people who merely access a row; the graph drawn.
CREATE SCHEMA ho;
CREATE ROLE ho_owner;
CREATE ROLE ho_officer;
CREATE ROLE ho_app;
GRANT gdpr_officer TO ho_officer;
GRANT ALL ON SCHEMA ho TO ho_owner;
GRANT USAGE ON SCHEMA ho TO ho_officer, ho_app;
SET ROLE ho_owner;
CREATE TABLE ho.person (email text PRIMARY KEY, name text, city text);
CREATE TABLE ho.deal (id int PRIMARY KEY, agent text REFERENCES ho.person ON UPDATE CASCADE, title text);
CREATE TABLE ho."say ""x\y""" (id int PRIMARY KEY, email text REFERENCES ho.person, other text REFERENCES ho.person);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ho TO ho_app;
SECURITY LABEL FOR gdpr ON TABLE ho.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN ho.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ho.person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ho.person.city IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE ho.deal IS 'accessed(agent)';
SECURITY LABEL FOR gdpr ON COLUMN ho.deal.agent IS 'personal, encrypted';
RESET ROLE;
SELECT gdpr.data_map_dot();
SET ROLE ho_owner;
SECURITY LABEL FOR gdpr ON TABLE ho."say ""x\y""" IS 'owned(email), accessed(other)';
SECURITY LABEL FOR gdpr ON COLUMN ho."say ""x\y""".email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN ho."say ""x\y""".other IS 'personal, encrypted';
RESET ROLE;
CALL gdpr.apply();
SELECT gdpr.data_map_dot();
INSERT INTO ho.person VALUES ('anna@example.it', 'Anna', 'Rome'), ('bruno@example.it', 'Bruno', 'Rome'), ('carla@example.it', 'Carla', 'Forlimpopoli');
INSERT INTO ho.person SELECT 'p' || g || '@example.it', 'Name ' || g % 7, CASE WHEN g % 5 = 0 THEN 'Village ' || g ELSE 'Rome' END FROM generate_series(1, 40) g;
INSERT INTO ho.deal VALUES (1, 'anna@example.it', 'Bridge'), (2, NULL, 'Tunnel'), (3, 'bruno@example.it', 'Road');
INSERT INTO ho."say ""x\y""" VALUES (1, 'anna@example.it', 'bruno@example.it');
UPDATE ho.deal SET title = 'Long bridge' WHERE id = 1;
UPDATE ho.deal SET agent = 'carla@example.it' WHERE id = 1;
-- Whoever accesses a row is in the log with it.
SELECT operation, key, old, new FROM gdpr.audit_log WHERE relation = 'ho.deal'::regclass ORDER BY id, key;

-- Held: nothing is erased, the application neither sees nor changes anything.
SET ROLE ho_officer;
SELECT gdpr.hold('ho.person', 'anna@example.it', 'file 12');
SELECT * FROM gdpr.forget('ho.person', 'anna@example.it', 'request', true);
SELECT * FROM gdpr.forget('ho.person', 'anna@example.it', 'request');
SELECT gdpr.unrestrict('ho.person', 'anna@example.it', 'not asked for');
SELECT kind, reason FROM gdpr.restriction;
SELECT gdpr.hold('ho.person', 'nobody@example.it', 'file 13');
SELECT gdpr.release('ho.person', 'bruno@example.it');
RESET ROLE;
-- Attack: the application ends the hold, or deletes what is held.
SET ROLE ho_app;
SELECT count(*) FROM ho.person WHERE email = 'anna@example.it';
DELETE FROM ho.person WHERE email = 'anna@example.it';
DELETE FROM ho."say ""x\y""";
SELECT gdpr.release('ho.person', 'anna@example.it');
SELECT gdpr.hold('ho.person', 'bruno@example.it', 'spite');
RESET ROLE;
SET ROLE ho_officer;
SELECT gdpr.release('ho.person', 'anna@example.it');
RESET ROLE;

-- Statistics: values of hers alone go, what everybody has stays.
ANALYZE ho.person;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'ho' AND tablename = 'person' AND attname = 'city';
SET ROLE ho_officer;
SELECT * FROM gdpr.forget('ho.person', 'anna@example.it', 'request');
SELECT * FROM gdpr.forget('ho.person', 'carla@example.it', 'request');
RESET ROLE;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'ho' AND tablename = 'person' AND attname = 'city';
SELECT count(*) FROM pg_stats WHERE schemaname = 'ho' AND concat(most_common_vals, histogram_bounds) ~ 'anna@|carla@|Anna|Carla|Forli';

-- The log says no more who accessed the deals, in no column.
SELECT operation, key, old, new FROM gdpr.audit_log WHERE relation = 'ho.deal'::regclass ORDER BY id, key;
SELECT count(*) FROM gdpr.audit_log l WHERE relation::text LIKE 'ho.%' AND l::text ~ 'anna|carla';

-- TRUNCATE ends what restricts people of whom nothing is left, or whoever is given their key would be restricted.
CREATE TABLE ho.member (id int PRIMARY KEY, name text);
CREATE TABLE ho.fee (id int PRIMARY KEY, member int);
SECURITY LABEL FOR gdpr ON TABLE ho.member IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE ho.fee IS 'owned(member -> ho.member)';
CALL gdpr.apply();
INSERT INTO ho.member SELECT g, 'Member ' || g FROM generate_series(1, 3) g;
INSERT INTO ho.fee VALUES (1, 1);
SELECT gdpr.hold('ho.member', '1', 'file 14'), gdpr.hold('ho.member', '2', 'file 15'), gdpr.restrict('ho.member', '3', 'asked');
TRUNCATE ho.member;
SELECT key, kind FROM gdpr.restriction WHERE subject_table = 'ho.member'::regclass ORDER BY key;
SELECT gdpr.release('ho.member', '1');

SET client_min_messages = warning;
TRUNCATE gdpr.erasure, gdpr.blocklist, gdpr.outbox;
DROP SCHEMA ho CASCADE;
DROP ROLE ho_owner, ho_officer, ho_app;
