-- What tests of gates share: a table with a plain and an encrypted column, its owner, a role to be put into a gated channel, and
-- one that is not.
SET client_min_messages = warning;
CREATE SCHEMA ga;
CREATE ROLE ga_owner;
CREATE ROLE ga_gated;
CREATE ROLE ga_free;
GRANT ALL ON SCHEMA ga TO ga_owner, ga_free;
GRANT USAGE, CREATE ON SCHEMA ga TO ga_gated;
SET ROLE ga_owner;
CREATE TABLE ga.t (id int PRIMARY KEY, tenant int, n int DEFAULT 0, email text, sealed gdpr.encrypted_text, UNIQUE (email, tenant), UNIQUE (sealed, tenant));
INSERT INTO ga.t SELECT g, 1, g, 'secret' || g || '@example.it', 'secret' || g || '@example.it' FROM generate_series(1, 20) g;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.t.sealed IS 'sensitive';
CREATE TABLE ga.other (id int, note text);
INSERT INTO ga.other VALUES (1, 'x');
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, REFERENCES ON ga.t, ga.other TO ga_gated, ga_free;
RESET ROLE;
ANALYZE ga.t;
