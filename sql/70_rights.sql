-- find, access, export and rectify, all by an officer who has no privilege on the tables.
SET client_min_messages = warning;
SET timezone = 'Europe/Rome';
SET datestyle = 'SQL, DMY';
CREATE SCHEMA rg;
CREATE ROLE rg_owner;
CREATE ROLE rg_officer;
CREATE ROLE rg_app;
GRANT gdpr_officer TO rg_officer;
GRANT ALL ON SCHEMA rg TO rg_owner;
GRANT USAGE ON SCHEMA rg TO rg_app, rg_officer; -- the officer must be able to name a table
SET ROLE rg_owner;

-- A subject, a child, a grandchild without a label, a partitioned child, several owners, an accessed table.
CREATE TYPE rg.mood AS ENUM ('calm', 'cross');
CREATE TABLE rg.contact (
    id int PRIMARY KEY,
    gone int,
    email varchar(40) UNIQUE CHECK (email LIKE '%@%'),
    name text NOT NULL,
    born date,
    extra jsonb,
    raw json,
    score numeric(6, 2),
    customer_no int UNIQUE,
    mood rg.mood,
    vip boolean,
    since timestamptz,
    loud text GENERATED ALWAYS AS (upper('no. ' || customer_no)) STORED
);
ALTER TABLE rg.contact DROP COLUMN gone;
CREATE TABLE rg.phone (id int PRIMARY KEY, contact_id int NOT NULL REFERENCES rg.contact, number text);
CREATE INDEX ON rg.phone (contact_id);
CREATE INDEX phone_number ON rg.phone (number);
CREATE TABLE rg.call (id int PRIMARY KEY, phone_id int REFERENCES rg.phone, words text, rating int CHECK (rating > 0));
CREATE INDEX ON rg.call (phone_id);
CREATE TABLE rg.visit (id int, day date, contact_id int REFERENCES rg.contact, place text, PRIMARY KEY (id, day))
    PARTITION BY RANGE (day);
CREATE TABLE rg.visit_old PARTITION OF rg.visit FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE rg.visit_new PARTITION OF rg.visit FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE INDEX ON rg.visit (contact_id);
CREATE TABLE rg.message (id int PRIMARY KEY, sender int REFERENCES rg.contact, recipient int REFERENCES rg.contact,
                         body text, length int);
CREATE INDEX ON rg.message (sender);
CREATE INDEX ON rg.message (recipient);
CREATE TABLE rg.employee (email text PRIMARY KEY, desk text);
CREATE TABLE rg.ticket (id int PRIMARY KEY, contact_id int REFERENCES rg.contact, agent text REFERENCES rg.employee
                        ON UPDATE CASCADE, title text, state text);
CREATE INDEX ON rg.ticket (contact_id);
CREATE INDEX ON rg.ticket (agent);
-- Names that need quotes, a composite key, a column named as the alias.
CREATE TABLE rg."Member ""X""" (tenant int, "Code" text, "T" text, t text, PRIMARY KEY (tenant, "Code"));
CREATE TABLE rg."card/1" (nr int PRIMARY KEY, tenant int, code text,
                          FOREIGN KEY (tenant, code) REFERENCES rg."Member ""X""");
CREATE INDEX ON rg."card/1" (tenant, code);

INSERT INTO rg.contact (id, email, name, born, extra, raw, score, customer_no, mood, vip, since) VALUES
    (1, 'anna@example.it', 'Anna "la Rossa", O''Neil', '01/02/1980', '{"diet": ["vegan"], "n": 1.50}', '{"a":  1}', 7.5, 501, 'calm', true, '2024-01-01 12:00+01'),
    (2, 'bob@example.it', E'Bob\r\nSmith', '03/04/1990', NULL, '[1, 2]', NULL, 502, 'cross', false, NULL),
    (3, 'zoe@example.it', '', NULL, NULL, '{"a": "\u0000"}', NULL, 503, NULL, NULL, NULL);
INSERT INTO rg.contact (id, email, name, customer_no) SELECT g, 'c' || g || '@example.it', 'c' || g, 500 + g FROM generate_series(4, 2000) g;
INSERT INTO rg.phone VALUES (11, 1, '+39 1'), (12, 1, '+39 2'), (21, 2, '+39 1'), (22, 2, E'a\x01<&>"'), (31, 3, '=cmd|''/c calc''!A1');
INSERT INTO rg.phone SELECT g, g, '+44 ' || g FROM generate_series(1000, 2000) g;
INSERT INTO rg.call VALUES (101, 11, 'hello', 5), (102, 12, ' spaced', 4), (103, 21, 'bob called', 3);
INSERT INTO rg.visit VALUES (1, '05/06/2019', 1, 'Rome'), (2, '05/06/2021', 1, 'Milan'), (3, '05/06/2021', 2, 'Turin');
INSERT INTO rg.message VALUES (1, 1, 2, 'from Anna to Bob', 16), (2, 2, 1, 'from Bob to Anna', 16), (3, 1, 1, 'to myself', 9), (4, 2, 3, 'not Anna''s', 10);
INSERT INTO rg.employee VALUES ('eve@corp.example', 'D1'), ('max@corp.example', 'D2');
INSERT INTO rg.ticket VALUES (1, 1, 'eve@corp.example', 'Anna cannot log in', 'open'), (2, 2, 'max@corp.example', 'Bob is cross', 'shut');
INSERT INTO rg."Member ""X""" VALUES (7, 'a,b', 'upper', 'lower'), (8, 'a,b', 'U', 'l');
INSERT INTO rg."card/1" VALUES (1, 7, 'a,b'), (2, 8, 'a,b');
GRANT ALL ON ALL TABLES IN SCHEMA rg TO rg_app;

SECURITY LABEL FOR gdpr ON TABLE rg.contact IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE rg.employee IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE rg."Member ""X""" IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE rg.message IS 'owned(sender), owned(recipient)';
SECURITY LABEL FOR gdpr ON TABLE rg.ticket IS 'owned(contact_id), accessed(agent)';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.born IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.extra IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.score IS 'personal, derived, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.customer_no IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN rg.contact.mood IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN rg.phone.number IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.call.words IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN rg.call.rating IS 'personal, derived';
SECURITY LABEL FOR gdpr ON COLUMN rg.visit.place IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.message.body IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.employee.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.ticket.agent IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.ticket.title IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN rg."Member ""X""".t IS 'personal, identifier';
RESET ROLE;
CALL gdpr.apply('rg.contact');
CALL gdpr.apply('rg.phone');
CALL gdpr.apply('rg.visit');
CALL gdpr.apply('rg.message');
CALL gdpr.apply('rg.employee');
CALL gdpr.apply('rg.ticket');
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid::regclass::text LIKE 'rg.%' AND atttypid::regtype::text LIKE 'gdpr.%' AND attnum > 0
   AND attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')) ORDER BY 1, attnum;
ANALYZE rg.contact, rg.phone;

-- The officer has no privilege on any of it.
SET ROLE rg_officer;
SELECT count(*) FROM rg.contact;

-- find: each identifier column by its own type, owners of child rows, dates as the session reads them.
SELECT * FROM gdpr.find('anna@example.it');
SELECT * FROM gdpr.find('+39 1');
SELECT * FROM gdpr.find('501');
SELECT * FROM gdpr.find('01/02/1980');
SELECT * FROM gdpr.find('cross');
SELECT * FROM gdpr.find('eve@corp.example');
SELECT * FROM gdpr.find('lower');
SELECT * FROM gdpr.find('nobody@example.it');
SELECT * FROM gdpr.find('');
SELECT * FROM gdpr.find(NULL);
-- Through the indexes.
RESET ROLE;
SELECT pg_stat_force_next_flush();
BEGIN;
SET LOCAL ROLE rg_officer;
SELECT * FROM gdpr.find('c77@example.it') UNION ALL SELECT * FROM gdpr.find('+44 1077') ORDER BY 1, 2;
RESET ROLE;
SELECT relname, seq_scan, idx_scan > 0 AS indexed FROM pg_stat_xact_user_tables
 WHERE relid IN ('rg.contact'::regclass, 'rg.phone'::regclass) ORDER BY 1;
COMMIT;
SET ROLE rg_officer;

-- Attack: an identifier that is SQL, or ciphertext, or more than a type holds.
SELECT * FROM gdpr.find(''' OR true --');
SELECT * FROM gdpr.find('"; DROP TABLE rg.contact; --');
SELECT * FROM gdpr.find('$1');
SELECT * FROM gdpr.find('99999999999999999999');
SELECT * FROM gdpr.find('gdpr-ciphertext-1:AAAA');

-- access: the person's rows whole; of shared and accessed rows nothing that may be somebody else's.
SELECT jsonb_pretty(gdpr.access('rg.contact', ' 01') - '{generated_at,rights}'::text[]);
SELECT key, jsonb_pretty(value) FROM jsonb_each(gdpr.access('rg.employee', 'eve@corp.example'))
 WHERE key IN ('subject', 'data', 'accessed', 'redacted', 'review') ORDER BY 1;
SELECT key, jsonb_pretty(value) FROM jsonb_each(gdpr.access('rg."Member ""X"""', '( 7,"a,b")')) WHERE key IN ('subject', 'data') ORDER BY 1;
SELECT jsonb_pretty(gdpr.access('rg.contact', '3') -> 'rights') AS rights;
SELECT abs(extract(epoch FROM now() - (gdpr.access('rg.contact', '3') ->> 'generated_at')::timestamptz)) < 1 AS now;
-- Attack: a document that jsonb cannot hold makes the answer fail. It stands there as a string.
SELECT gdpr.access('rg.contact', '3') #> '{data,rg.contact,0,raw}' AS raw;
RESET ROLE;
INSERT INTO gdpr.purpose VALUES ('rg_news', 'Newsletter', 'consent', '1 year', '{printer}');
INSERT INTO gdpr.consent_event (subject_table, key, purpose, given, evidence, at, role) VALUES
    ('rg.contact', '3', 'rg_news', true, '{"form": "f1"}', '2026-01-01', 'rg_app'),
    ('rg.contact', '3', 'rg_news', false, NULL, '2026-01-02', 'rg_app'),
    ('rg.contact', '2', 'rg_news', true, '{"form": "f2"}', '2026-01-03', 'rg_app');
INSERT INTO gdpr.provenance_record (subject_table, key, kind, name, at, role) VALUES ('rg.contact', '3', 'webform', 'landing', '2026-01-01', 'rg_app');
INSERT INTO gdpr.restriction (subject_table, key, kind, reason, since, until) VALUES
    ('rg.contact', '3', 'request', 'past', '2020-01-01', '2020-02-01'), ('rg.contact', '3', 'request', 'disputed', '2026-01-01', NULL);
SET ROLE rg_officer;
SELECT a -> 'purposes' AS purposes, a -> 'consents' AS consents FROM gdpr.access('rg.contact', '3') AS a;
SELECT a -> 'source' AS source, a -> 'restrictions' AS restrictions FROM gdpr.access('rg.contact', '3') AS a;
RESET ROLE;
DELETE FROM gdpr.restriction WHERE subject_table = 'rg.contact'::regclass;
DELETE FROM gdpr.provenance_record WHERE subject_table = 'rg.contact'::regclass;
DELETE FROM gdpr.consent_event WHERE subject_table = 'rg.contact'::regclass;
DELETE FROM gdpr.purpose WHERE name = 'rg_news';
SET ROLE rg_officer;

-- export: what they provided, in three formats, with a manifest that holds.
\pset format unaligned
SELECT file, convert_from(content, 'UTF8') AS content FROM gdpr.export('rg.contact', '1');
SELECT file, convert_from(content, 'UTF8') AS content FROM gdpr.export('rg.contact', '2', 'xml') WHERE file IN ('rg.contact.xml', 'rg.phone.xml');
SELECT file, convert_from(content, 'UTF8') AS content FROM gdpr.export('rg."Member ""X"""', '(7,"a,b")', 'json');
SELECT convert_from(content, 'UTF8') AS content FROM gdpr.export('rg.contact', '1', 'json') WHERE file = 'rg.contact.json';
SELECT * FROM gdpr.export('rg.contact', '1', 'pdf');
-- Attack: text that a spreadsheet takes for a formula. It is kept as it is: the file must be faithful.
SELECT convert_from(content, 'UTF8') AS content FROM gdpr.export('rg.contact', '3') WHERE file IN ('rg.contact.csv', 'rg.phone.csv');
\pset format aligned
-- The same bytes in every session, and the sums are those of the files.
CREATE TEMP TABLE once AS SELECT f, x.* FROM unnest('{csv,json,xml}'::text[]) f, gdpr.export('rg.contact', '1', f) x;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET bytea_output = 'escape';
SET extra_float_digits = 0;
SELECT count(*), bool_and(once.content = x.content) AS same
  FROM unnest('{csv,json,xml}'::text[]) u, gdpr.export('rg.contact', '1', u) x JOIN once USING (file) WHERE f = u;
RESET bytea_output;
RESET extra_float_digits;
SET timezone = 'Europe/Rome';
SET datestyle = 'SQL, DMY';
SELECT o.f, count(*), bool_and(encode(sha256(o.content), 'hex') = m ->> 'sha256') AS sums
  FROM once o, (SELECT f, jsonb_array_elements(convert_from(content, 'UTF8')::jsonb -> 'files') m FROM once WHERE file = 'manifest.json') ms
 WHERE ms.f = o.f AND m ->> 'name' = o.file GROUP BY 1 ORDER BY 1;
DROP TABLE once;
-- More rows than a batch holds, and rows longer than one.
RESET ROLE;
INSERT INTO rg.phone SELECT g, 3, 'n' || g FROM generate_series(10000, 13000) g;
INSERT INTO rg.call SELECT g, 31, repeat('long ', 200000), 1 FROM generate_series(201, 204) g;
SET ROLE rg_officer;
SELECT file, regexp_count(convert_from(content, 'UTF8'), E'\r\n') AS lines, length(content) FROM gdpr.export('rg.contact', '3')
 WHERE file IN ('rg.phone.csv', 'rg.call.csv');
SELECT jsonb_array_length(gdpr.access('rg.contact', '3') #> '{data,rg.phone}');

-- rectify: own row, rows below, a partition's by its composite key, a person with a natural key.
SELECT gdpr.rectify('rg.contact', '1', '{"name": "Anna Rossi", "born": "03/02/1980", "extra": {"diet": []}, "raw": "text", "score": 8.005, "vip": false, "mood": null}', 'asked by phone');
SELECT gdpr.rectify('rg.contact', '1', '{"email": "anna@new.example", "rg.phone": {"11": {"number": "+39 9"}, "12": {"number": null}}, "rg.call": {"101": {"words": "hi", "rating": "1"}}}', 'moved');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.visit": {"(1,2019-06-05)": {"place": "Roma"}}, "rg.contact": {"001": {"vip": true}}}', 'misspelt');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.message": {"3": {"body": "to myself, corrected"}}}', 'nobody else''s');
SELECT gdpr.rectify('rg.employee', 'max@corp.example', '{"desk": "D3"}', 'moved');
SELECT gdpr.rectify('rg."Member ""X"""', '(8,"a,b")', '{"T": "Up", "t": "low"}', 'case');
RESET ROLE;
SELECT id, email, name, born, extra, raw, score, vip, mood FROM rg.contact WHERE id < 3 ORDER BY 1;
SELECT p.*, c.words, c.rating FROM rg.phone p LEFT JOIN rg.call c ON c.phone_id = p.id WHERE contact_id < 3 ORDER BY 1;
SELECT * FROM rg.visit ORDER BY 1;
SELECT * FROM rg.message ORDER BY 1;
SELECT * FROM rg.employee ORDER BY 1;
SELECT * FROM rg."Member ""X""" ORDER BY 1;
CREATE TEMP TABLE before AS SELECT md5(string_agg(c::text, '|' ORDER BY id)) AS sum FROM rg.contact c;
SET ROLE rg_officer;

-- Refused, and nothing half done: names that do not exist, keys, generated columns, whose a row is.
SELECT gdpr.rectify('rg.contact', '1', '{"name": "half done", "emial": "x@example.it"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"name": "half done", "rg.phone": {"11": {"nmber": "1"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"id": 7}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"loud": "x"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": {"11": {"contact_id": 2}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": {"11": {"number": "1"}, "999": {"number": "1"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"vip": true, "rg.contact": {"1": {"vip": false}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": "11"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": {"11": {}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '["name"]', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"name": "x"}', ' ');
SELECT gdpr.rectify('rg.contact', '1', '{"name": "x"}', NULL);
SELECT gdpr.rectify('rg.contact', '4711', '{"name": "x"}', 'r');
-- Values are the columns' own business, and no error repeats them.
SELECT gdpr.rectify('rg.contact', '1', '{"born": "born on a Monday"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"vip": "perhaps"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"customer_no": 1.5}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"score": 123456.7}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"email": "a-name-that-is-much-too-long-for-this-column@example.it"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"name": ["Anna"]}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"name": null}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"email": "no at sign"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"email": "bob@example.it"}', 'r');
DO $$
DECLARE state text; tab text; con text; det text;
BEGIN
    PERFORM gdpr.rectify('rg.contact', '1', '{"email": "bob@example.it"}', 'r');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, tab = TABLE_NAME, con = CONSTRAINT_NAME, det = PG_EXCEPTION_DETAIL;
    RAISE WARNING 'state %, table %, constraint %, detail "%"', state, tab, con, det;
END $$;
-- Attack: somebody else's row, by its key or by a key of their child; rows shared with them; rows only accessed.
SELECT gdpr.rectify('rg.contact', '1', '{"rg.contact": {"2": {"name": "Eve"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"name": "half done", "rg.phone": {"21": {"number": "1"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.call": {"103": {"words": "1"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.message": {"1": {"body": "forged"}}}', 'r');
SELECT gdpr.rectify('rg.employee', 'eve@corp.example', '{"rg.ticket": {"1": {"title": "forged"}}}', 'r');
-- Attack: SQL in names, keys and values.
SELECT gdpr.rectify('rg.contact', '1', '{"name = ''x'', vip": "x"}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.contact; DROP TABLE rg.contact": {"1": {"name": "x"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": {"11 OR true": {"number": "x"}}}', 'r');
SELECT gdpr.rectify('rg.contact', '1 OR true', '{"name": "x"}', 'r');
RESET ROLE;
SELECT (SELECT sum FROM before) = md5(string_agg(c::text, '|' ORDER BY id)) AS untouched FROM rg.contact c;
DROP TABLE before;
SET ROLE rg_officer;
SELECT gdpr.rectify('rg.contact', '2', '{"name": "''; DROP TABLE rg.contact; --"}', 'r');
RESET ROLE;
SELECT name FROM rg.contact WHERE id = 2;
-- A column that is named as a relation of the person.
ALTER TABLE rg."Member ""X""" ADD COLUMN "rg.""card/1""" text;
SET ROLE rg_officer;
SELECT gdpr.rectify('rg."Member ""X"""', '(7,"a,b")', '{"rg.\"card/1\"": "x"}', 'r');
SELECT gdpr.rectify('rg."Member ""X"""', '(7,"a,b")', '{"rg.\"Member \"\"X\"\"\"": {"(7,\"a,b\")": {"rg.\"card/1\"": "x"}}}', 'r');

-- Attack: what is no subject table.
SELECT gdpr.access('rg.phone', '11');
SELECT gdpr.access('rg.visit_old', '1');
SELECT gdpr.access('pg_authid', '10');
SELECT gdpr.access('gdpr.audit_log', '1');
SELECT gdpr.access('gdpr.key', '1');
SELECT gdpr.access(1::regclass, '1');
SELECT gdpr.export('pg_stats', '1');
SELECT gdpr.rectify('pg_authid', '10', '{"rolsuper": true}', 'r');
-- Keys that fit nobody.
SELECT gdpr.access('rg.contact', 'x');
SELECT gdpr.access('rg."Member ""X"""', '7');
SELECT gdpr.access('rg.contact', '4711');

-- Attack: the application's role and the tables' owner exercise rights themselves.
SET ROLE rg_app;
SELECT gdpr.find('anna@example.it');
SELECT gdpr.access('rg.contact', '1');
SELECT gdpr.export('rg.contact', '1');
SELECT gdpr.rectify('rg.contact', '1', '{"name": "x"}', 'r');
SET ROLE rg_owner;
SELECT gdpr.find('anna@example.it');
SELECT gdpr.access('rg.contact', '1');
SELECT gdpr.export('rg.contact', '1');
SELECT gdpr.rectify('rg.contact', '1', '{"name": "x"}', 'r');
RESET ROLE;
GRANT EXECUTE ON FUNCTION gdpr.access TO rg_app;
SET ROLE rg_app;
SELECT gdpr.access('rg.contact', '1');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION gdpr.access FROM rg_app;

-- Attack: the owner's code, run by an officer's call, reaches for the officer's rights. It runs as the owner and gets
-- nothing; also as the CHECK of a key's domain, and as a deferred trigger.
SET ROLE rg_owner;
CREATE TABLE rg.seen (n int GENERATED ALWAYS AS IDENTITY, place text, who name, attempt text, outcome text);
CREATE FUNCTION rg.grab(place text, VARIADIC attempts text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE attempt text;
BEGIN
    FOREACH attempt IN ARRAY attempts LOOP
        BEGIN
            EXECUTE attempt;
            INSERT INTO rg.seen (place, who, attempt, outcome) VALUES (place, current_user, attempt, 'done');
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO rg.seen (place, who, attempt, outcome) VALUES (place, current_user, attempt, SQLERRM);
        END;
    END LOOP;
END $$;
CREATE FUNCTION rg.on_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rg.grab(TG_NAME, 'SET ROLE rg_officer', 'RESET ROLE', 'SET SESSION AUTHORIZATION DEFAULT',
                    'SELECT gdpr.find(''bob@example.it'')', 'SELECT * FROM gdpr.purpose', 'SET search_path = rg');
    RETURN NEW;
END $$;
CREATE TRIGGER greedy BEFORE UPDATE ON rg.phone FOR EACH ROW EXECUTE FUNCTION rg.on_update();
CREATE FUNCTION rg.on_deferred() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rg.grab(TG_NAME, 'SELECT 1');
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER patient AFTER UPDATE ON rg.call DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rg.on_deferred();
CREATE FUNCTION rg.spy(text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'checked as %', current_user;
    RETURN true;
END $$;
CREATE DOMAIN rg.badge_no AS text CHECK (rg.spy(VALUE));
CREATE TABLE rg.badge (no rg.badge_no PRIMARY KEY, colour rg.badge_no);
INSERT INTO rg.badge VALUES ('b1', 'red');
SECURITY LABEL FOR gdpr ON TABLE rg.badge IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rg.badge.colour IS 'personal, identifier';
RESET ROLE;
BEGIN;
SET LOCAL ROLE rg_officer;
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": {"11": {"number": "+39 7"}}, "rg.call": {"101": {"words": "seven"}}}', 'r');
SHOW search_path;
SELECT current_user;
RESET ROLE;
SELECT place, who, attempt, outcome FROM rg.seen ORDER BY n;
COMMIT;
SELECT count(*) AS records FROM rg.seen;
SET ROLE rg_officer;
SELECT key FROM gdpr.find('red');
SELECT gdpr.access('rg.badge', 'b1') -> 'data' AS data;
SELECT gdpr.rectify('rg.badge', 'b1', '{"colour": "blue"}', 'r');
-- Attack: the owner's trigger defers what it does to COMMIT, when it would run as the officer.
RESET ROLE;
SET ROLE rg_owner;
CREATE OR REPLACE FUNCTION rg.on_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SET CONSTRAINTS ALL DEFERRED;
    UPDATE rg.call SET words = 'deferred' WHERE id = 101;
    RETURN NEW;
END $$;
RESET ROLE;
SET ROLE rg_officer;
SELECT gdpr.rectify('rg.contact', '1', '{"rg.phone": {"11": {"number": "+39 8"}}}', 'r');
-- A trigger that swallows the change is no success.
RESET ROLE;
SET ROLE rg_owner;
CREATE FUNCTION rg.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE UPDATE ON rg.employee FOR EACH ROW EXECUTE FUNCTION rg.swallow();
RESET ROLE;
SET ROLE rg_officer;
SELECT gdpr.rectify('rg.employee', 'max@corp.example', '{"desk": "D4"}', 'r');
-- Attack: the owner's trigger quotes the row in its error's DETAIL.
RESET ROLE;
SET ROLE rg_owner;
CREATE OR REPLACE FUNCTION rg.swallow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not today' USING DETAIL = OLD::text, ERRCODE = 'check_violation', HINT = 'come back'; END $$;
RESET ROLE;
SET ROLE rg_officer;
SELECT gdpr.rectify('rg.employee', 'max@corp.example', '{"desk": "D4"}', 'r');
RESET ROLE;

-- Attack: an officer has a ciphertext read to them through a table whose owner could load one.
CREATE TABLE rg.vault (id int PRIMARY KEY, note gdpr.encrypted_text, notes gdpr.encrypted_text[]);
INSERT INTO rg.vault VALUES (1);
SECURITY LABEL FOR gdpr ON TABLE rg.vault IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rg.vault.note IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rg.vault.notes IS 'personal, identifier';
SET ROLE rg_officer;
SELECT gdpr.rectify('rg.vault', '1', '{"note": "gdpr-ciphertext-1:AAAA"}', 'r');
SELECT gdpr.rectify('rg.vault', '1', '{"notes": "{gdpr-ciphertext-1:AAAA}"}', 'r');
SELECT gdpr.find('{gdpr-ciphertext-1:AAAA}');
RESET ROLE;

-- What no label decides is refused, and the label named.
CREATE TABLE rg.gift (id int PRIMARY KEY, giver int REFERENCES rg.contact, taker int REFERENCES rg.contact);
SET ROLE rg_officer;
SELECT gdpr.access('rg.contact', '1');
RESET ROLE;

DROP SCHEMA rg CASCADE;
DROP ROLE rg_owner, rg_officer, rg_app;
