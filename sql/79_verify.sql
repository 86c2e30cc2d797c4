-- gdpr.verify_forgotten(): what is left of a person, by key and by receipt, wherever it is.
CREATE SCHEMA vf;
CREATE ROLE vf_owner;
CREATE ROLE vf_officer;
CREATE ROLE vf_app;
GRANT gdpr_officer TO vf_officer;
GRANT ALL ON SCHEMA vf TO vf_owner;
GRANT USAGE ON SCHEMA vf TO vf_app, vf_officer;
SET ROLE vf_owner;
CREATE TABLE vf.person (id int PRIMARY KEY, email text, phone text);
CREATE TABLE vf.login (id int PRIMARY KEY, person int, at date);
CREATE TABLE vf.subscriber (id int PRIMARY KEY, mail text) PARTITION BY RANGE (id);
CREATE TABLE vf.subscriber_1 PARTITION OF vf.subscriber FOR VALUES FROM (0) TO (1000);
SECURITY LABEL FOR gdpr ON TABLE vf.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN vf.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN vf.person.phone IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON TABLE vf.login IS 'owned(person -> person)';
SECURITY LABEL FOR gdpr ON COLUMN vf.subscriber.mail IS 'personal, identifier, encrypted';
RESET ROLE;
CALL gdpr.apply();
SET ROLE vf_owner;
INSERT INTO vf.person VALUES (1, 'anna@example.it', '+39061234567'), (2, 'bruno@example.it', '+39061234567');
INSERT INTO vf.login VALUES (1, 1, '2026-01-01'), (2, 2, '2026-01-01');
INSERT INTO vf.subscriber VALUES (1, 'Anna@example.it'), (2, 'anna@EXAMPLE.it'), (3, 'bruno@example.it');
ANALYZE vf.person, vf.subscriber;
RESET ROLE;

-- Nobody was forgotten: their rows are there. There is no receipt.
SET ROLE vf_officer;
SELECT * FROM gdpr.verify_forgotten('vf.person', '1');
SELECT * FROM gdpr.verify_forgotten(0);
SELECT action, rows FROM gdpr.forget('vf.person', '1', 'request') WHERE relation::text LIKE 'vf.%';
SELECT max(id) AS receipt FROM gdpr.erasure \gset

-- A table that no key connects still has the address, in another spelling too (its local part is another's, in another
-- case); the telephone is shared with somebody who stays.
SELECT * FROM gdpr.verify_forgotten('vf.person', '1');
SELECT * FROM gdpr.verify_forgotten(:receipt);
RESET ROLE;
SET ROLE vf_owner;
DELETE FROM vf.subscriber WHERE id IN (1, 2);
RESET ROLE;
-- The planner's samples outlive the rows.
SET ROLE vf_officer;
SELECT * FROM gdpr.verify_forgotten(:receipt);
RESET ROLE;
SET ROLE vf_owner;
ANALYZE vf.subscriber;
RESET ROLE;
SET ROLE vf_officer;
SELECT * FROM gdpr.verify_forgotten(:receipt);

-- Rows that come back under the old key, with no word on whose they are but the key; in gdpr's own tables, too.
RESET ROLE;
SET ROLE vf_owner;
INSERT INTO vf.login VALUES (3, 1, '2026-02-01');
RESET ROLE;
INSERT INTO gdpr.restriction (subject_table, key, kind) VALUES ('vf.person', '1', 'request');
SET ROLE vf_officer;
SELECT * FROM gdpr.verify_forgotten('vf.person', '1');
SELECT * FROM gdpr.verify_forgotten(:receipt);
RESET ROLE;
DELETE FROM gdpr.restriction;
DELETE FROM vf.login WHERE id = 3;

-- The key is given to somebody else: it is not they who were forgotten.
SET ROLE vf_owner;
INSERT INTO vf.person VALUES (1, 'carla@example.it', NULL);
INSERT INTO vf.login VALUES (4, 1, '2026-03-01');
RESET ROLE;
SET ROLE vf_officer;
SELECT * FROM gdpr.verify_forgotten('vf.person', '1');
SELECT * FROM gdpr.verify_forgotten(:receipt);
RESET ROLE;

-- Every receipt leads to its person, whatever bytes the hash in it has.
SET ROLE vf_owner;
INSERT INTO vf.person SELECT 100 + g, 'p' || g || '@example.it', NULL FROM generate_series(1, 60) g;
RESET ROLE;
SET ROLE vf_officer;
SELECT count(DISTINCT g) FROM generate_series(1, 60) g, gdpr.forget('vf.person', (100 + g)::text, 'request');
RESET ROLE;
INSERT INTO vf.login SELECT 100 + g, 100 + g, '2026-04-01' FROM generate_series(1, 60) g;
SELECT array_agg(id) AS receipts FROM (SELECT id FROM gdpr.erasure ORDER BY id DESC LIMIT 60) newest \gset
SET ROLE vf_officer;
SELECT place, count(*) FROM unnest(:'receipts'::bigint[]) receipt, gdpr.verify_forgotten(receipt) GROUP BY place ORDER BY place;
RESET ROLE;

-- Attack: the application asks who was forgotten.
SET ROLE vf_app;
SELECT * FROM gdpr.verify_forgotten('vf.person', '1');
SELECT * FROM gdpr.verify_forgotten(1);
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA vf CASCADE;
DROP ROLE vf_owner, vf_officer, vf_app;
TRUNCATE gdpr.blocklist, gdpr.erasure, gdpr.outbox;
