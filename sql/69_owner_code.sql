-- Code of a table's owner that foreign keys and the rights set off: it sees no more than its owner does.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE code_owner LOGIN;
CREATE ROLE code_officer LOGIN;
GRANT gdpr_officer TO code_officer;
CREATE SCHEMA code AUTHORIZATION code_owner;
GRANT USAGE ON SCHEMA code TO code_officer;
SET ROLE code_owner;
SET search_path = code;
CREATE TABLE person (id int PRIMARY KEY, name text, boss int);
CREATE TABLE pet (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE, name text);
CREATE TABLE loot (at text, names text);
INSERT INTO person VALUES (1, 'Rita Restricted', NULL), (2, 'Bruno', NULL), (3, 'Carla', NULL), (4, 'Dino', NULL), (5, 'Emma', NULL), (6, 'Franco', NULL);
INSERT INTO pet SELECT g, g, 'pet ' || g FROM generate_series(1, 6) g;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN pet.name IS 'personal';
RESET ROLE;
CALL gdpr.apply('code.person');
CALL gdpr.apply('code.pet');

SET SESSION AUTHORIZATION code_owner;
-- A look and a change, in PL/pgSQL, which keeps its plans, and in SQL, which is inlined where it may be.
CREATE FUNCTION names() RETURNS text LANGUAGE sql STABLE AS $$ SELECT string_agg(name, ', ' ORDER BY id) FROM code.person $$;
CREATE FUNCTION names_kept() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(name, ', ' ORDER BY id) INTO found FROM code.person;
    RETURN found;
END $$;
CREATE FUNCTION peek() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO code.loot VALUES (tg_name || ' ' || lower(tg_op), code.names_kept() || ' / ' || code.names());
    UPDATE code.person SET name = 'changed' WHERE id = 1;
    RETURN CASE WHEN tg_op = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION looked(int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO code.loot VALUES ('check', code.names_kept() || ' / ' || code.names());
    RETURN true;
END $$;
CREATE TRIGGER before_pet BEFORE UPDATE OR DELETE ON pet FOR EACH ROW EXECUTE FUNCTION peek();
CREATE TRIGGER after_pet AFTER UPDATE OR DELETE ON pet FOR EACH ROW EXECUTE FUNCTION peek();
ALTER TABLE pet ADD CONSTRAINT looks CHECK (looked(person_id));
TRUNCATE loot;
SET SESSION AUTHORIZATION code_officer;
SELECT gdpr.restrict('code.person', '1', 'accuracy contested');
SET SESSION AUTHORIZATION code_owner;
SELECT names(), names_kept();

-- Attack: the owner's triggers and checks look and write while a foreign key cascades.
DELETE FROM person WHERE id = 2;
UPDATE person SET id = 30 WHERE id = 3;
SELECT DISTINCT at, names FROM loot ORDER BY at;
-- Attack: ... and what was planned then is used again.
SELECT names(), names_kept();
TRUNCATE loot;

-- Attack: ... and while an officer exercises a right, of other people and of the restricted one.
SET SESSION AUTHORIZATION code_officer;
SELECT gdpr.rectify('code.person', '4', '{"name": "Dina", "code.pet": {"4": {"name": "Rex"}}}', 'asked');
SELECT * FROM gdpr.forget('code.person', '4', 'asked');
SELECT gdpr.state_ground('legal_claims', 'case 7');
SELECT * FROM gdpr.forget('code.person', '5', 'asked');
SELECT gdpr.state_ground(NULL, NULL);
SET SESSION AUTHORIZATION code_owner;
SELECT DISTINCT at, names FROM loot WHERE names LIKE '%Rita%' OR names LIKE '%changed%';
SELECT at, count(*) > 0 AS looked FROM loot GROUP BY 1 ORDER BY 1;
SELECT names(), names_kept();
RESET SESSION AUTHORIZATION;
SELECT id, name FROM code.person ORDER BY id;

-- Attack: a view with the rights of who asks, and one with its owner's.
SET ROLE code_owner;
CREATE VIEW code.as_asker WITH (security_invoker) AS SELECT id, name FROM code.person;
CREATE VIEW code.as_owner AS SELECT id, name FROM code.person;
CREATE VIEW code.barrier WITH (security_invoker, security_barrier) AS SELECT id, name FROM code.person WHERE name <> '';
GRANT SELECT, UPDATE ON code.as_asker, code.as_owner, code.barrier, code.person TO code_officer, PUBLIC;
GRANT USAGE ON SCHEMA code TO PUBLIC;
RESET ROLE;
CREATE ROLE code_app LOGIN;
SET SESSION AUTHORIZATION code_app;
SELECT (SELECT string_agg(id::text, ' ' ORDER BY id) FROM code.as_asker) AS as_asker,
       (SELECT string_agg(id::text, ' ' ORDER BY id) FROM code.as_owner) AS as_owner,
       (SELECT string_agg(id::text, ' ' ORDER BY id) FROM code.barrier WHERE id > 0) AS barrier;
UPDATE code.as_asker SET name = 'x' WHERE id = 1 RETURNING *;
UPDATE code.barrier SET name = 'x' WHERE id = 1 RETURNING *;
-- One plan for two roles, and for one with a ground and without.
PREPARE asked AS SELECT string_agg(id::text, ' ' ORDER BY id) FROM code.as_asker;
EXECUTE asked;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION code_officer;
EXECUTE asked;
SELECT gdpr.state_ground('legal_claims', 'case 7');
EXECUTE asked;
SELECT string_agg(id::text, ' ' ORDER BY id) AS as_owner FROM code.as_owner;
RESET SESSION AUTHORIZATION;
DEALLOCATE asked;

-- Other tests count these.
DELETE FROM gdpr.restriction;
DELETE FROM gdpr.erasure;
DROP SCHEMA code CASCADE;
DROP OWNED BY code_officer, code_app;
DROP ROLE code_owner, code_officer, code_app;
