-- What takes the place of a value where a constraint says what may: exclusion, uniqueness over an expression, a check of
-- several columns, a domain, a length.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE ps_officer;
GRANT gdpr_officer TO ps_officer;
CREATE SCHEMA ps;
GRANT USAGE ON SCHEMA ps TO ps_officer;
CREATE DOMAIN ps.code AS text CHECK (VALUE ~ '^[a-z0-9-]+$');
CREATE TABLE ps.person (
    id int PRIMARY KEY,
    email text NOT NULL,
    name varchar(12) NOT NULL,
    code ps.code NOT NULL,
    born date NOT NULL,
    room text NOT NULL,
    EXCLUDE USING btree (email WITH =),
    EXCLUDE USING hash (name WITH =),
    CHECK (length(room) < 40)
);
CREATE UNIQUE INDEX ON ps.person (lower(code));
CREATE TABLE ps.booking (id int PRIMARY KEY, person int NOT NULL REFERENCES ps.person, during daterange NOT NULL, EXCLUDE USING gist (during WITH &&));
SECURITY LABEL FOR gdpr ON TABLE ps.person IS 'subject, erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN ps.person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN ps.person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ps.person.code IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ps.person.born IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ps.person.room IS 'personal';
CALL gdpr.apply();
INSERT INTO ps.person SELECT g, 'p' || g || '@example.it', 'Name ' || g, 'code-' || g, '1990-01-01'::date + g, 'room ' || g FROM generate_series(1, 4) g;
INSERT INTO ps.booking SELECT g, g, daterange('2026-01-01'::date + g * 10, '2026-01-05'::date + g * 10) FROM generate_series(1, 4) g;
SET ROLE ps_officer;
SELECT relation, action, rows FROM gdpr.forget('ps.person', '1', 'request') WHERE relation::text LIKE 'ps.%';
SELECT relation, action, rows FROM gdpr.forget('ps.person', '2', 'request') WHERE relation::text LIKE 'ps.%';
SELECT * FROM gdpr.verify_forgotten('ps.person', '1');
RESET ROLE;
-- Nothing of theirs is left, no two are alike, and every constraint holds.
SELECT id, email LIKE 'p_@example.it' AS address, name LIKE 'Name%' AS name, code LIKE 'code-%' AS code, born BETWEEN '1990-01-01' AND '1990-02-01' AS born, room LIKE 'room%' AS room
  FROM ps.person ORDER BY id;
SELECT count(DISTINCT email), count(DISTINCT name), count(DISTINCT code), bool_and(length(room) < 40) FROM ps.person;
SELECT id FROM ps.booking ORDER BY id;
-- A range that excludes others has no pseudonym that could be told to be free: the column is named, and nothing is done.
SECURITY LABEL FOR gdpr ON COLUMN ps.booking.during IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE ps.booking IS 'erase(anonymize)';
CALL gdpr.apply();
SET ROLE ps_officer;
SELECT relation, action, rows FROM gdpr.forget('ps.person', '3', 'request') WHERE relation::text LIKE 'ps.%';
RESET ROLE;
SELECT id, email FROM ps.person WHERE id >= 3 ORDER BY id;
TRUNCATE gdpr.erasure, gdpr.blocklist;
DROP SCHEMA ps CASCADE;
DROP ROLE ps_officer;
