-- The subject graph: foreign keys and labels, as the map shows them.
CREATE SCHEMA gr;
CREATE ROLE gr_owner;
CREATE ROLE gr_officer;
GRANT gdpr_officer TO gr_officer;
GRANT ALL ON SCHEMA gr TO gr_owner;
SET ROLE gr_owner;
CREATE TABLE gr.person (id int PRIMARY KEY, boss int REFERENCES gr.person, email text);
CREATE TABLE gr.firm ("Land" text, no int, PRIMARY KEY ("Land", no));
CREATE TABLE gr.visit (id bigint PRIMARY KEY, person_id int NOT NULL REFERENCES gr.person ON DELETE CASCADE);
CREATE TABLE gr.note (id int PRIMARY KEY, visit_id bigint REFERENCES gr.visit ON DELETE CASCADE, body text);
CREATE TABLE gr.unrelated (id int PRIMARY KEY);
RESET ROLE;

-- Nobody is a subject yet.
SELECT count(*) FROM gdpr.data_map;
SECURITY LABEL FOR gdpr ON TABLE gr.person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE gr.firm IS 'subject';
SET ROLE gr_officer;
SELECT * FROM gdpr.data_map;
RESET ROLE;

-- Two ways and no label: undecided, with what to write.
CREATE TABLE gr.contract (id int PRIMARY KEY, person_id int REFERENCES gr.person, land text, firm int,
                          FOREIGN KEY (land, firm) REFERENCES gr.firm ("Land", no));
SELECT * FROM gdpr.data_map WHERE relation = 'gr.contract'::regclass;
SELECT remedy FROM gdpr.data_map WHERE kind = 'undecided' LIMIT 1 \gset
:remedy;
SELECT subject_table, relation, kind, keys, shared FROM gdpr.data_map WHERE relation = 'gr.contract'::regclass;

-- No foreign key; a polymorphic one; a key that points down; partitions.
CREATE TABLE gr.address (id int PRIMARY KEY, street text);
CREATE TABLE gr.parcel (id int PRIMARY KEY, person_id int REFERENCES gr.person, address_id int REFERENCES gr.address);
CREATE TABLE gr.attachment (id int, kind text, target int, file text);
CREATE TABLE gr.login (at date, email text) PARTITION BY RANGE (at);
CREATE TABLE gr.login_2026 (email text, at date NOT NULL);
ALTER TABLE gr.login ATTACH PARTITION gr.login_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SECURITY LABEL FOR gdpr ON TABLE gr.parcel IS 'owned(person_id), owns(address_id)';
SECURITY LABEL FOR gdpr ON TABLE gr.attachment IS 'owned(target -> person when kind = ''p''), owned(target -> note when kind = ''n'')';
SECURITY LABEL FOR gdpr ON TABLE gr.login IS 'owned(email -> gr.person(email))';
SELECT relation, kind, keys, shared FROM gdpr.data_map WHERE subject_table = 'gr.person'::regclass;

-- A name that does not exist draws no edge, and that is said.
SECURITY LABEL FOR gdpr ON TABLE gr.note IS 'owned(visitt_id)';
SELECT relation, kind, keys, remedy FROM gdpr.data_map WHERE relation = 'gr.note'::regclass;
SECURITY LABEL FOR gdpr ON TABLE gr.note IS NULL;

-- A dropped key and a dropped table leave the map at once.
ALTER TABLE gr.visit DROP CONSTRAINT visit_person_id_fkey;
DROP TABLE gr.attachment;
SELECT relation, kind FROM gdpr.data_map WHERE subject_table = 'gr.person'::regclass;

-- Attack: the map is not everyone's.
CREATE ROLE gr_app;
SET ROLE gr_app;
SELECT * FROM gdpr.data_map;
SELECT * FROM gdpr.data_map_rows();
RESET ROLE;

-- Attack: rows of another's table are made somebody's of one's own, to have them in answers and erased.
GRANT ALL ON SCHEMA gr TO gr_app;
SET ROLE gr_app;
CREATE TABLE gr.bait (id int PRIMARY KEY, person int, address int);
SECURITY LABEL FOR gdpr ON TABLE gr.bait IS 'owned(person -> gr.person)';
SECURITY LABEL FOR gdpr ON TABLE gr.bait IS 'accessed(person -> person when id > 0)';
SECURITY LABEL FOR gdpr ON TABLE gr.bait IS 'subject, owns(address -> gr.address)';
RESET ROLE;
GRANT REFERENCES ON gr.person, gr.address TO gr_app;
SET ROLE gr_app;
ALTER TABLE gr.bait ADD FOREIGN KEY (address) REFERENCES gr.address;
SECURITY LABEL FOR gdpr ON TABLE gr.bait IS 'subject, owns(address)';
SECURITY LABEL FOR gdpr ON TABLE gr.bait IS 'owned(person -> gr.person), owned(id -> gr.not_there_yet)';
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA gr CASCADE;
DROP ROLE gr_owner, gr_officer, gr_app;
