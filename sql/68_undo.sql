-- Nobody undoes it: the owner of a table does not loosen what apply() made, nor get at it through what runs as the owner.
CREATE SCHEMA un;
CREATE ROLE un_owner;
CREATE ROLE un_officer;
CREATE ROLE un_admin;
CREATE ROLE un_app;
GRANT gdpr_officer TO un_officer;
GRANT gdpr_admin, un_owner TO un_admin;
GRANT ALL ON SCHEMA un TO un_owner;
GRANT USAGE ON SCHEMA un TO un_app, un_officer, un_admin;
SET ROLE un_owner;
CREATE TABLE un.account (id int PRIMARY KEY);
CREATE TABLE un.person (id int PRIMARY KEY, account_id int REFERENCES un.account ON DELETE CASCADE, email text, n int DEFAULT 0);
CREATE TABLE un.orders (id int PRIMARY KEY, person_id int REFERENCES un.person, other int REFERENCES un.person);
CREATE TABLE un.seen (person_id int REFERENCES un.person, at int) PARTITION BY RANGE (at);
CREATE TABLE un.seen_1 PARTITION OF un.seen FOR VALUES FROM (0) TO (10);
CREATE TABLE un.loose (id int, person_id int);
INSERT INTO un.account VALUES (1), (2);
INSERT INTO un.person VALUES (1, 1, 'p1@example.it'), (2, 2, 'p2@example.it'), (3, 1, 'p3@example.it');
INSERT INTO un.orders VALUES (1, 1, NULL), (2, 2, NULL);
INSERT INTO un.seen VALUES (1, 1), (2, 2);
SECURITY LABEL FOR gdpr ON TABLE un.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN un.person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON TABLE un.orders IS 'owned(person_id), owned(other)';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA un TO un_app;
RESET ROLE;
SET client_min_messages = warning;
CALL gdpr.apply();
RESET client_min_messages;
SET ROLE un_officer;
SELECT gdpr.restrict('un.person', '2', 'disputed');

-- Attack: the owner, by every statement that there is.
SET ROLE un_owner;
ALTER TABLE un.person DISABLE ROW LEVEL SECURITY;
ALTER TABLE un.person NO FORCE ROW LEVEL SECURITY;
ALTER TABLE un.person DISABLE TRIGGER gdpr_restriction_guard;
ALTER TABLE un.person ENABLE TRIGGER gdpr_restriction_guard;
ALTER TABLE un.person ENABLE REPLICA TRIGGER gdpr_audit;
ALTER TABLE un.person DISABLE TRIGGER ALL;
ALTER TABLE un.person DISABLE TRIGGER USER;
ALTER TABLE un.person ADD x int, DISABLE TRIGGER USER;
DROP TRIGGER gdpr_restriction_guard ON un.person;
DROP POLICY gdpr_restriction ON un.person;
DROP POLICY IF EXISTS gdpr_default ON un.person CASCADE;
ALTER POLICY gdpr_restriction ON un.person USING (true);
ALTER POLICY gdpr_restriction ON un.person RENAME TO mine;
ALTER TRIGGER gdpr_restriction_guard ON un.person RENAME TO mine;
CREATE OR REPLACE TRIGGER gdpr_restriction_guard BEFORE UPDATE ON un.person FOR EACH ROW WHEN (false) EXECUTE FUNCTION gdpr.restriction_guard();
ALTER TABLE un.seen DETACH PARTITION un.seen_1;
ALTER TABLE un.orders DROP CONSTRAINT orders_person_id_fkey;
ALTER TABLE un.orders DROP COLUMN person_id CASCADE;
DO $$ BEGIN EXECUTE 'ALTER TABLE un.person DISABLE ROW LEVEL SECURITY'; END $$;
-- Attack: labels.
SECURITY LABEL FOR gdpr ON TABLE un.person IS NULL;
SECURITY LABEL FOR gdpr ON TABLE un.orders IS 'owned(person_id)';
SECURITY LABEL FOR gdpr ON TABLE un.orders IS 'owned(person_id), owned(other), audit(off)';
SECURITY LABEL FOR gdpr ON TABLE un.seen IS 'accessed(person_id)';
SECURITY LABEL FOR gdpr ON COLUMN un.person.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN un.person.email IS 'personal, identifier, erase(keep)';
SECURITY LABEL FOR gdpr ON COLUMN un.person.email IS NULL;
-- Attack: whoever drops the table, the schema or what keeps it in the graph.
DROP TABLE un.orders;
DROP TABLE un.seen_1;
DROP SCHEMA un CASCADE;
DROP OWNED BY un_owner CASCADE;
ALTER TABLE un.person DROP CONSTRAINT person_pkey CASCADE;
SELECT count(*) FROM un.orders;
-- What does no harm stays the owner's.
RESET ROLE;
SET ROLE un_owner;
SECURITY LABEL FOR gdpr ON COLUMN un.person.email IS 'personal, identifier, purpose(news)';
SECURITY LABEL FOR gdpr ON TABLE un.account IS NULL;
ALTER TABLE un.person ADD y int;
ALTER TABLE un.person DISABLE TRIGGER nobodys;
CREATE POLICY theirs ON un.orders AS RESTRICTIVE USING (id < 100);
DROP POLICY theirs ON un.orders;
DROP TABLE un.loose;
-- An admin may, and it is on record.
SET ROLE un_admin;
SECURITY LABEL FOR gdpr ON TABLE un.orders IS 'owned(person_id)';
RESET ROLE;
SELECT role, relation, note FROM gdpr.audit_log WHERE operation = 'loosen' AND relation::text LIKE 'un.%' ORDER BY id;
SELECT count(*) AS left_to_do FROM gdpr.plan() WHERE relation = 'un.person'::regclass;

-- Attack: a foreign key that is validated without the rows that are hidden would be marked valid over orphans.
SET ROLE un_owner;
CREATE TABLE un.parent (id int PRIMARY KEY);
INSERT INTO un.parent VALUES (1), (3);
ALTER TABLE un.person ADD CONSTRAINT blind FOREIGN KEY (id) REFERENCES un.parent;
ALTER TABLE un.person ADD z int DEFAULT 5 REFERENCES un.parent;
ALTER TABLE un.person ADD z int REFERENCES un.parent;
ALTER TABLE un.person ADD CONSTRAINT blind FOREIGN KEY (id) REFERENCES un.parent NOT VALID;
ALTER TABLE un.person VALIDATE CONSTRAINT blind;
ALTER TABLE un.person DROP CONSTRAINT blind;
RESET ROLE;
ALTER TABLE un.person ADD CONSTRAINT blind FOREIGN KEY (id) REFERENCES un.parent;

-- The event triggers fire in every session, replicas included.
SELECT evtname, evtenabled FROM pg_event_trigger WHERE evtname LIKE 'gdpr%' ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA un CASCADE;
DELETE FROM gdpr.restriction;
DELETE FROM gdpr.outbox;
DROP ROLE un_owner, un_officer, un_admin, un_app;
