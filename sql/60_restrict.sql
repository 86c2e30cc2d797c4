-- Restriction of processing: restricted people are out of everyone's sight and reach but the officers'.
CREATE SCHEMA rs;
CREATE ROLE rs_owner;
CREATE ROLE rs_officer;
CREATE ROLE rs_app;
CREATE ROLE rs_bypass BYPASSRLS;
GRANT gdpr_officer TO rs_officer;
GRANT ALL ON SCHEMA rs TO rs_owner;
GRANT USAGE ON SCHEMA rs TO rs_officer, rs_app, rs_bypass;
SET ROLE rs_owner;
CREATE TABLE rs.account (id int PRIMARY KEY, name text);
CREATE TABLE rs.person (
    id int PRIMARY KEY,
    account_id int REFERENCES rs.account ON DELETE CASCADE,
    email text UNIQUE,
    n int DEFAULT 0
);
CREATE TABLE rs.orders (
    id int PRIMARY KEY,
    person_id int REFERENCES rs.person ON DELETE CASCADE,
    total int,
    account_id int REFERENCES rs.account ON DELETE SET NULL
);
CREATE TABLE rs.line (order_id int REFERENCES rs.orders ON DELETE CASCADE, no int, what text, PRIMARY KEY (order_id, no));
CREATE TABLE rs.chat (id int PRIMARY KEY, one int REFERENCES rs.person, other int REFERENCES rs.person, body text);
CREATE TABLE rs.seen (person_id int REFERENCES rs.person, at int, page text) PARTITION BY RANGE (at);
CREATE TABLE rs.seen_1 PARTITION OF rs.seen FOR VALUES FROM (0) TO (10);
CREATE TABLE rs.seen_2 (page text, at int, person_id int);
ALTER TABLE rs.seen ATTACH PARTITION rs.seen_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE rs.member (club int, tag text, name text, PRIMARY KEY (club, tag));
CREATE TABLE rs.visit (id int PRIMARY KEY, club int, tag text, FOREIGN KEY (club, tag) REFERENCES rs.member);
CREATE TABLE rs.kept (id int PRIMARY KEY, person_id int REFERENCES rs.person, file text);
CREATE TABLE rs.kept_old () INHERITS (rs.kept);
CREATE TABLE rs.closed (person_id int REFERENCES rs.person, x text);
ALTER TABLE rs.closed ENABLE ROW LEVEL SECURITY;
CREATE TABLE rs.looked_at (id int PRIMARY KEY, person_id int REFERENCES rs.person, report text);
CREATE VIEW rs.people AS SELECT * FROM rs.person;
INSERT INTO rs.account VALUES (1, 'one'), (2, 'two');
INSERT INTO rs.person SELECT g, 1 + g % 2, 'p' || g || '@example.it' FROM generate_series(1, 6) g;
INSERT INTO rs.orders SELECT g, 1 + g % 6, g * 10, 1 FROM generate_series(1, 12) g;
INSERT INTO rs.line SELECT g, 1, 'thing ' || g FROM generate_series(1, 12) g;
INSERT INTO rs.chat VALUES (1, 1, 2, 'a'), (2, 2, 3, 'b'), (3, 3, 1, 'c'), (4, NULL, NULL, 'nobody''s');
INSERT INTO rs.seen SELECT 1 + g % 6, g, 'page ' || g FROM generate_series(0, 19) g;
INSERT INTO rs.member VALUES (7, 'a,b', 'Ada'), (7, 'c', 'Bea'), (8, 'c', 'Cem');
INSERT INTO rs.visit VALUES (1, 7, 'a,b'), (2, 7, 'c'), (3, 8, 'c');
INSERT INTO rs.kept VALUES (1, 1, 'x'), (2, 2, 'y');
INSERT INTO rs.kept_old VALUES (3, 2, 'z');
INSERT INTO rs.looked_at VALUES (1, 2, 'r');
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rs TO rs_app, rs_officer, rs_bypass;
GRANT TRUNCATE ON rs.line TO rs_app;
SECURITY LABEL FOR gdpr ON TABLE rs.person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE rs.member IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE rs.chat IS 'owned(one), owned(other)';
SECURITY LABEL FOR gdpr ON TABLE rs.looked_at IS 'accessed(person_id)';
RESET ROLE;

SELECT action, statement FROM gdpr.plan() WHERE relation IN ('rs.person'::regclass, 'rs.closed', 'rs.seen_2', 'rs.kept_old') AND statement ~ 'gdpr_restriction|gdpr_default|LEVEL';
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation::text LIKE 'rs.%';
-- Rows that a person only had access to are nobody's.
SELECT relrowsecurity FROM pg_class WHERE oid = 'rs.looked_at'::regclass;

-- The officer restricts; others may not.
SET ROLE rs_app;
SELECT gdpr.restrict('rs.person', '2', 'attack');
SELECT count(*) FROM gdpr.restriction;
SET ROLE rs_owner;
SELECT gdpr.unrestrict('rs.person', '2', 'attack');
SET ROLE rs_officer;
SELECT gdpr.restrict('rs.person', '99', 'who?');
SELECT gdpr.restrict('rs.person', 'two', 'not a number');
SELECT gdpr.restrict('rs.orders', '2', 'no person');
SELECT gdpr.restrict('rs.person', '2', NULL);
SELECT gdpr.restrict('rs.person', '2', 'too late', '2001-01-01');
SELECT gdpr.unrestrict('rs.person', '2', 'is not restricted');
SELECT gdpr.restrict('rs.person', ' 2', 'disputes their address');
SELECT gdpr.restrict('rs.member', '(7,"a,b")', 'objects');
SELECT subject_table, key::text, kind, reason::text, until, role FROM gdpr.restriction ORDER BY id;
-- Officers see restricted people on a ground that they state (Art. 18(2)); it is theirs alone, and recorded.
SELECT count(*) AS without_a_ground FROM rs.person;
SELECT gdpr.state_ground('curiosity', 'x');
SELECT gdpr.state_ground('legal_claims', NULL);
SET gdpr.ground = 'legal_claims';
ALTER ROLE rs_officer SET gdpr.ground = 'legal_claims';
BEGIN;
SELECT gdpr.state_ground('legal_claims', 'claim 12/26', local => true);
SELECT count(*) AS with_a_ground FROM rs.person;
SET LOCAL ROLE rs_app;
SELECT count(*) AS not_for_others FROM rs.person;
COMMIT;
SELECT count(*) AS for_the_transaction FROM rs.person;
SELECT gdpr.state_ground('legal_claims', 'claim 12/26');
SELECT role, operation, note FROM gdpr.audit_log WHERE operation = 'state_ground' ORDER BY id;
SET ROLE rs_app;
SELECT gdpr.state_ground('legal_claims', 'attack');
RESET ROLE;

-- What the application sees: the person, their children, grandchildren, partitions, shared rows; composite keys.
CREATE FUNCTION rs.seen_by_me() RETURNS TABLE (relation text, rows bigint) LANGUAGE sql AS $$
    SELECT 'person', count(*) FROM rs.person UNION ALL SELECT 'orders', count(*) FROM rs.orders
    UNION ALL SELECT 'line', count(*) FROM rs.line UNION ALL SELECT 'chat', count(*) FROM rs.chat
    UNION ALL SELECT 'seen', count(*) FROM rs.seen UNION ALL SELECT 'member', count(*) FROM rs.member
    UNION ALL SELECT 'visit', count(*) FROM rs.visit UNION ALL SELECT 'kept', count(*) FROM rs.kept
    UNION ALL SELECT 'looked_at', count(*) FROM rs.looked_at UNION ALL SELECT 'account', count(*) FROM rs.account $$;
SET ROLE rs_app;
SELECT * FROM rs.seen_by_me();
SELECT id FROM rs.chat ORDER BY id;
SELECT * FROM rs.member ORDER BY club, tag;
SELECT id FROM rs.person WHERE id = 2;
SELECT id FROM rs.person WHERE email = 'p2@example.it';
SELECT p.id, sum(o.total) FROM rs.person p LEFT JOIN rs.orders o ON o.person_id = p.id GROUP BY p.id ORDER BY p.id;
SET ROLE rs_officer;
SELECT * FROM rs.seen_by_me();
RESET ROLE;
SELECT count(*) AS superuser_sees FROM rs.person;

-- Attack: the table's owner, through the table, a view, a function, a partition, an inheritance child.
SET ROLE rs_owner;
SELECT * FROM rs.seen_by_me();
CREATE FUNCTION rs.owners_count() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM rs.person';
SELECT * FROM rs.seen_1 WHERE person_id = 2;
SET ROLE rs_app;
SELECT count(*) AS through_view FROM rs.people;
SELECT rs.owners_count() AS through_function;
SELECT * FROM rs.seen_1 WHERE person_id = 2;
SELECT * FROM rs.seen_2 WHERE person_id = 2;
SELECT * FROM rs.kept_old;
-- An officer sees them through the owner's view, but not as the owner within a SECURITY DEFINER function.
SET ROLE rs_officer;
SELECT count(*) AS through_view FROM rs.people;
SELECT rs.owners_count() AS through_function;

-- Attack: row_security = off is an error, not a way round.
SET ROLE rs_app;
SET row_security = off;
SELECT count(*) FROM rs.person;
SET ROLE rs_owner;
SELECT count(*) FROM rs.person;
RESET row_security;
RESET ROLE;

-- Attack: a leaky function in WHERE sees no restricted row. (Its cost says: run me first.)
CREATE FUNCTION rs.spy(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SET ROLE rs_app;
SELECT id FROM rs.person WHERE id IN (1, 2) AND rs.spy(email) ORDER BY id;
SELECT count(*) FROM rs.people WHERE id < 3 AND rs.spy(email);
RESET ROLE;

-- Attack: changing, deleting and returning what cannot be seen.
SET ROLE rs_app;
UPDATE rs.person SET n = n + 1 WHERE id = 2 RETURNING *;
UPDATE rs.person SET n = n + 1 RETURNING id;
DELETE FROM rs.line WHERE order_id IN (1, 7) RETURNING *;
DELETE FROM rs.chat WHERE id <= 2 RETURNING id;
SELECT id FROM rs.person WHERE id = 2 FOR UPDATE;
MERGE INTO rs.person p USING (VALUES (1), (2)) v(id) ON p.id = v.id WHEN MATCHED THEN UPDATE SET n = 100;
SELECT id, n FROM rs.person ORDER BY id;

-- Hidden rows still count for constraints; a row of a restricted person may be stored.
INSERT INTO rs.person (id, email) VALUES (2, 'other@example.it');
INSERT INTO rs.person (id, email) VALUES (2, 'p2@example.it') ON CONFLICT (id) DO NOTHING;
INSERT INTO rs.person (id, email) VALUES (2, 'p2@example.it') ON CONFLICT (id) DO UPDATE SET email = 'stolen@example.it';
INSERT INTO rs.orders (id, person_id, total) VALUES (100, 2, 5);
SELECT * FROM rs.orders WHERE id = 100;
-- As an ORM does it; and a row of somebody else's that is given to them, which is then out of reach.
INSERT INTO rs.orders (id, person_id, total) VALUES (101, 2, 5) RETURNING *;
WITH stored AS (INSERT INTO rs.orders (id, person_id, total) VALUES (102, 2, 5) RETURNING id) SELECT * FROM stored;
INSERT INTO rs.orders (id, person_id, total) VALUES (103, 2, 5) ON CONFLICT (id) DO UPDATE SET total = 6 RETURNING total;
INSERT INTO rs.orders (id, person_id, total) VALUES (104, 3, 5), (105, 3, 5), (106, 3, 5);
UPDATE rs.orders SET person_id = 2 WHERE id = 104 RETURNING *;
INSERT INTO rs.orders (id, person_id, total) VALUES (105, 3, 5) ON CONFLICT (id) DO UPDATE SET person_id = 2 RETURNING person_id;
MERGE INTO rs.orders o USING (VALUES (106), (107)) AS v (id) ON o.id = v.id
    WHEN MATCHED THEN UPDATE SET person_id = 2 WHEN NOT MATCHED THEN INSERT (id, person_id, total) VALUES (v.id, 2, 5);
-- Attack: read or change by ON CONFLICT or MERGE what was stored.
INSERT INTO rs.orders (id, person_id, total) VALUES (104, 3, 5) ON CONFLICT (id) DO NOTHING RETURNING *;
INSERT INTO rs.orders (id, person_id, total) VALUES (104, 3, 5) ON CONFLICT (id) DO UPDATE SET total = 7 RETURNING *;
INSERT INTO rs.orders (id, person_id, total) VALUES (104, 2, 5) ON CONFLICT (id) DO UPDATE SET total = 7;
MERGE INTO rs.orders o USING (VALUES (104)) AS v (id) ON o.id = v.id
    WHEN MATCHED THEN UPDATE SET total = 8 WHEN NOT MATCHED THEN INSERT (id, person_id, total) VALUES (v.id, 2, 5);
UPDATE rs.orders SET person_id = 3 WHERE id = 104 RETURNING *;
SELECT id, person_id FROM rs.orders WHERE id >= 100;
SET ROLE rs_officer;
SELECT id, person_id, total FROM rs.orders WHERE id >= 100 ORDER BY id;
DELETE FROM rs.orders WHERE id >= 100;
RESET ROLE;

-- Attack: foreign keys that cascade. Nobody hides an account, but below it is a restricted person.
SET ROLE rs_app;
DELETE FROM rs.account WHERE id = 1;
SET ROLE rs_owner;
DELETE FROM rs.account WHERE id = 1;
-- Attack: ... or that set null.
UPDATE rs.person SET account_id = 2;
ALTER TABLE rs.person DROP CONSTRAINT person_account_id_fkey;
DELETE FROM rs.account WHERE id = 1;
-- Attack: BYPASSRLS.
SET ROLE rs_bypass;
SELECT count(*) AS bypassing FROM rs.person;
UPDATE rs.person SET n = 0 WHERE id = 2;
DELETE FROM rs.line WHERE order_id = 1;
DELETE FROM rs.person WHERE id = 2;
-- Attack: TRUNCATE, which knows no rows.
SET ROLE rs_app;
TRUNCATE rs.line;
SET ROLE rs_owner;
TRUNCATE rs.line;
TRUNCATE rs.account CASCADE;
TRUNCATE rs.seen_1;
TRUNCATE rs.kept_old;
-- Attack: a replica's triggers do not fire; these do.
RESET ROLE;
SET session_replication_role = replica;
SET ROLE rs_bypass;
UPDATE rs.seen SET page = '' WHERE person_id = 2;
RESET ROLE;
RESET session_replication_role;
-- The officer may, and through foreign keys too.
BEGIN;
SET LOCAL ROLE rs_officer;
UPDATE rs.person SET n = 1 WHERE id = 2 RETURNING id, n;
DELETE FROM rs.chat WHERE 2 IN (one, other);
DELETE FROM rs.kept WHERE person_id = 2;
DELETE FROM rs.seen WHERE person_id = 2;
DELETE FROM rs.looked_at;
DELETE FROM rs.person WHERE id = 2;
SELECT count(*) FROM rs.line WHERE order_id IN (1, 7);
ROLLBACK;

-- Attack: a cursor that was opened before sees nothing more once it is fetched from again.
BEGIN;
SET LOCAL ROLE rs_app;
DECLARE c CURSOR FOR SELECT id FROM rs.person ORDER BY id + 0;
DECLARE d CURSOR FOR SELECT id FROM rs.person;
FETCH 1 FROM d;
RESET ROLE;
SELECT gdpr.restrict('rs.person', '4', 'in the same transaction');
SET LOCAL ROLE rs_app;
FETCH ALL FROM c;
FETCH ALL FROM d;
ROLLBACK;
SELECT count(*) AS not_restricted_after_all FROM gdpr.restriction WHERE key = '4';
SET ROLE rs_app;
SELECT id FROM rs.person WHERE id = 4;
-- Attack: a cached plan, made while the role was another.
PREPARE by_id (int) AS SELECT id FROM rs.person WHERE id = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE by_id (2);
SET ROLE rs_officer;
EXECUTE by_id (2);
SET ROLE rs_app;
EXECUTE by_id (2);
RESET plan_cache_mode;
DEALLOCATE by_id;

-- Indexes serve as before, and nothing is asked twice.
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM rs.person WHERE id = 3;
RESET enable_seqscan;

-- In parallel workers too.
RESET ROLE;
ALTER TABLE rs.orders SET (parallel_workers = 2);
ALTER TABLE rs.line SET (parallel_workers = 2);
SET ROLE rs_app;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM rs.line;
SELECT count(*) FROM rs.orders;
SELECT count(*) FROM rs.line;
SELECT count(*) FROM rs.seen;
BEGIN;
SET LOCAL parallel_leader_participation = off;
RESET ROLE;
SELECT gdpr.restrict('rs.person', '3', 'not committed yet');
SET LOCAL ROLE rs_app;
SELECT count(*) FROM rs.orders;
SELECT count(*) FROM rs.line;
ROLLBACK;
SET ROLE rs_app;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- Several restrictions stand side by side; one that has lapsed is none; unrestrict ends those that were asked for.
SET ROLE rs_officer;
SELECT gdpr.restrict('rs.person', '2', 'and for another reason', now() + interval '1 year');
SELECT gdpr.unrestrict('rs.member', '(7,"a,b")', 'heard');
RESET ROLE;
INSERT INTO gdpr.restriction (subject_table, key, kind) VALUES ('rs.person', '3', 'retention');
INSERT INTO gdpr.restriction (subject_table, key, kind, until) VALUES ('rs.person', '5', 'request', now() - interval '1 second');
SET ROLE rs_app;
SELECT id FROM rs.person ORDER BY id;
SELECT count(*) FROM rs.member;
SET ROLE rs_officer;
SELECT gdpr.unrestrict('rs.person', '2', 'address corrected');
SELECT gdpr.unrestrict('rs.person', '3', 'the law says no');
SET ROLE rs_app;
SELECT id FROM rs.person ORDER BY id;
RESET ROLE;
-- Direct changes by a superuser count at once.
DELETE FROM gdpr.restriction WHERE kind = 'retention';
SET ROLE rs_app;
SELECT count(*) FROM rs.person;
RESET ROLE;
-- More people than are kept in memory: each question is a probe of the index.
INSERT INTO gdpr.restriction (subject_table, key, kind) SELECT 'rs.person', g::text, 'request' FROM generate_series(1000, 11001) g;
INSERT INTO gdpr.restriction (subject_table, key, kind) VALUES ('rs.person', '6', 'request');
SET ROLE rs_app;
SELECT id FROM rs.person ORDER BY id;
SELECT count(*) FROM rs.line;
SELECT count(*) FROM rs.member;
RESET ROLE;
TRUNCATE gdpr.restriction;
SET ROLE rs_app;
SELECT count(*) FROM rs.person;
RESET ROLE;

-- Deny-all stays deny-all.
SELECT polname FROM pg_policy WHERE polrelid = 'rs.closed'::regclass ORDER BY 1;
-- Tables with policies of their own: ours for all goes, as it would open what theirs close.
SET ROLE rs_owner;
CREATE POLICY mine ON rs.kept USING (id <> 1);
RESET ROLE;
SELECT relation, statement FROM gdpr.plan() WHERE relation::text LIKE 'rs.%' AND action ~ 'policy|security';
CALL gdpr.apply();
SET ROLE rs_app;
SELECT id FROM ONLY rs.kept;
RESET ROLE;
-- A policy taken away in use is deny-all in PostgreSQL, and is so here.
DROP POLICY mine ON rs.kept;
SELECT relation, statement FROM gdpr.plan() WHERE relation::text LIKE 'rs.%' AND action ~ 'policy|security';
CREATE POLICY mine ON rs.kept USING (true);
-- Policies that sleep would wake: the owner decides.
CREATE TABLE rs.asleep (person_id int REFERENCES rs.person);
CREATE POLICY p ON rs.asleep USING (false);
CALL gdpr.apply('rs.asleep');
DROP TABLE rs.asleep;
-- An owner who is admin, too, loosens what was made (others cannot, see 68_undo); plan() shows it.
GRANT gdpr_admin TO rs_owner;
SET ROLE rs_owner;
ALTER POLICY gdpr_restriction ON rs.orders USING (true);
ALTER POLICY gdpr_default ON rs.seen_1 TO rs_app;
ALTER TABLE rs.line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE rs.visit DISABLE ROW LEVEL SECURITY;
ALTER TABLE rs.person DISABLE TRIGGER gdpr_restriction_guard;
ALTER TABLE rs.seen_2 DISABLE TRIGGER gdpr_restriction_guard;
DROP TRIGGER gdpr_restriction_truncate ON rs.seen_1;
CREATE OR REPLACE TRIGGER gdpr_restriction_guard BEFORE UPDATE ON rs.member FOR EACH ROW WHEN (false) EXECUTE FUNCTION gdpr.restriction_guard();
CREATE TABLE rs.seen_3 PARTITION OF rs.seen FOR VALUES FROM (20) TO (30);
CREATE TABLE rs.note (person_id int REFERENCES rs.person, body text);
ALTER TABLE rs.visit RENAME tag TO label;
RESET ROLE;
SELECT relation, statement FROM gdpr.plan() WHERE relation::text LIKE 'rs.%' AND statement ~ 'gdpr_restriction|gdpr_default|LEVEL';
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation::text LIKE 'rs.%';

-- Encrypting a column that the policy uses: it steps aside and comes back.
SECURITY LABEL FOR gdpr ON COLUMN rs.member.tag IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rs.visit.label IS 'personal, encrypted';
ALTER TABLE rs.visit DROP CONSTRAINT visit_club_tag_fkey;
SECURITY LABEL FOR gdpr ON TABLE rs.visit IS 'owned(club, label -> member)';
SELECT relation, action, statement FROM gdpr.plan() WHERE relation::text LIKE 'rs.%' AND action ~ 'policy|encrypt';
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation::text LIKE 'rs.%';
SET ROLE rs_officer;
SELECT gdpr.restrict('rs.member', '(7,c)', 'objects');
SET ROLE rs_app;
SELECT club, tag FROM rs.member ORDER BY 1, 2;
SELECT id FROM rs.visit ORDER BY 1;
RESET ROLE;

-- Labels that changed since: while someone is restricted nobody guesses.
SET ROLE rs_officer;
SELECT gdpr.restrict('rs.person', '2', 'once more');
SET ROLE rs_owner;
SECURITY LABEL FOR gdpr ON TABLE rs.chat IS 'owned(one)';
SET ROLE rs_app;
SELECT id FROM rs.chat ORDER BY id;
RESET ROLE;
CALL gdpr.apply('rs.chat');
SET ROLE rs_owner;
SECURITY LABEL FOR gdpr ON TABLE rs.chat IS 'owned(one), owned(other)';
ALTER TABLE rs.kept ADD payer int REFERENCES rs.person;
SET ROLE rs_app;
SELECT id FROM rs.chat ORDER BY id;
SELECT id FROM rs.kept;
RESET ROLE;
CALL gdpr.apply('rs.kept');
ALTER TABLE rs.kept DROP payer;

-- Leaving the graph takes it all away.
SECURITY LABEL FOR gdpr ON TABLE rs.person IS NULL;
SECURITY LABEL FOR gdpr ON TABLE rs.member IS NULL;
SECURITY LABEL FOR gdpr ON TABLE rs.visit IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN rs.member.tag IS NULL;
SECURITY LABEL FOR gdpr ON COLUMN rs.visit.label IS NULL;
CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation::text LIKE 'rs.%';
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polname FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
 WHERE c.relnamespace = 'rs'::regnamespace AND (c.relrowsecurity OR p.oid IS NOT NULL) ORDER BY 1, 4;
SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'rs'::regnamespace AND tgname LIKE 'gdpr\_restriction%';

TRUNCATE gdpr.restriction;
SET client_min_messages = warning;
DROP SCHEMA rs CASCADE;
DROP ROLE rs_owner, rs_officer, rs_app, rs_bypass;
