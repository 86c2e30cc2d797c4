-- gdpr.forget(): every strategy, every shape of key, and nothing silently left or taken.
CREATE SCHEMA fo;
CREATE ROLE fo_owner;
CREATE ROLE fo_officer;
CREATE ROLE fo_app;
GRANT gdpr_officer TO fo_officer;
GRANT ALL ON SCHEMA fo TO fo_owner;
GRANT USAGE ON SCHEMA fo TO fo_app, fo_officer;

SET ROLE fo_owner;
CREATE TABLE fo.contact (id int PRIMARY KEY, email text, name text NOT NULL, boss int REFERENCES fo.contact ON DELETE CASCADE);
CREATE TABLE fo.lead (land text, no int, email text, PRIMARY KEY (land, no));
CREATE TABLE fo.visit (id int PRIMARY KEY, contact_id int NOT NULL REFERENCES fo.contact ON DELETE CASCADE, at date);
CREATE TABLE fo.note (id int PRIMARY KEY, visit_id int REFERENCES fo.visit ON DELETE SET NULL, body text);
CREATE TABLE fo.login (at date NOT NULL, contact_email text) PARTITION BY RANGE (at);
CREATE TABLE fo.login_2025 (contact_email text, at date NOT NULL);
ALTER TABLE fo.login ATTACH PARTITION fo.login_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE fo.login_2026 PARTITION OF fo.login FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE fo.deal (id int PRIMARY KEY, contact_id int REFERENCES fo.contact, partner_id int REFERENCES fo.contact,
                      lead_land text, lead_no int, title text, FOREIGN KEY (lead_land, lead_no) REFERENCES fo.lead);
CREATE TABLE fo.activity (id int PRIMARY KEY, deal_id int NOT NULL REFERENCES fo.deal, what text);
CREATE TABLE fo.ticket (id int PRIMARY KEY, agent_id int REFERENCES fo.contact, reporter text, agent_name text);
CREATE TABLE fo.address (id int PRIMARY KEY, street text);
CREATE TABLE fo.parcel (id int PRIMARY KEY, contact_id int REFERENCES fo.contact, address_id int REFERENCES fo.address);
CREATE TABLE fo.setting (id int PRIMARY KEY, contact_id int NOT NULL UNIQUE REFERENCES fo.contact ON DELETE RESTRICT, main_device int);
CREATE TABLE fo.device (id int PRIMARY KEY, setting_id int NOT NULL REFERENCES fo.setting, token text);
ALTER TABLE fo.setting ADD FOREIGN KEY (main_device) REFERENCES fo.device;
INSERT INTO fo.contact VALUES (1, 'anna@example.it', 'Anna', NULL), (2, 'bruno@example.it', 'Bruno', 1), (3, 'carla@example.it', 'Carla', 3);
INSERT INTO fo.lead VALUES ('IT', 7, 'ditta@example.it'), ('FR', 7, 'boite@example.fr');
INSERT INTO fo.visit SELECT g, 1 + g % 2, '2026-01-01' FROM generate_series(1, 6) g;
INSERT INTO fo.note SELECT g, g, 'note ' || g FROM generate_series(1, 6) g;
INSERT INTO fo.login SELECT date '2025-07-01' + 50 * g, CASE WHEN g % 2 = 0 THEN 'anna@example.it' ELSE 'bruno@example.it' END FROM generate_series(1, 8) g;
INSERT INTO fo.deal VALUES (1, 1, NULL, NULL, NULL, 'hers alone'), (2, 1, 2, NULL, NULL, 'of two contacts'), (3, 1, NULL, 'IT', 7, 'of contact and lead'),
                           (4, 1, 1, NULL, NULL, 'twice hers'), (5, 2, NULL, 'FR', 7, 'of others');
INSERT INTO fo.activity SELECT g, 1 + (g - 1) % 5, 'act ' || g FROM generate_series(1, 10) g;
INSERT INTO fo.ticket VALUES (1, 1, 'someone', 'Anna'), (2, 2, 'else', 'Bruno');
INSERT INTO fo.address VALUES (1, 'hers'), (2, 'shared'), (3, 'his');
INSERT INTO fo.parcel VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 3);
INSERT INTO fo.setting VALUES (1, 1, NULL), (2, 2, NULL);
INSERT INTO fo.device VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
UPDATE fo.setting SET main_device = CASE id WHEN 1 THEN 2 ELSE 3 END;
SECURITY LABEL FOR gdpr ON TABLE fo.contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN fo.contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN fo.contact.name IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.lead IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN fo.note.body IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE fo.login IS 'owned(contact_email -> contact(email))';
SECURITY LABEL FOR gdpr ON COLUMN fo.login.contact_email IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.deal IS 'owned(contact_id), owned(partner_id), owned(lead_land, lead_no)';
SECURITY LABEL FOR gdpr ON TABLE fo.ticket IS 'accessed(agent_id)';
SECURITY LABEL FOR gdpr ON TABLE fo.parcel IS 'owned(contact_id), owns(address_id)';
SECURITY LABEL FOR gdpr ON TABLE fo.setting IS 'owned(contact_id)';
SECURITY LABEL FOR gdpr ON TABLE fo.device IS 'owned(setting_id)';
RESET ROLE;
CALL gdpr.apply();
SELECT relation, kind, keys, shared FROM gdpr.data_map WHERE subject_table = 'fo.contact'::regclass AND relation::text LIKE 'fo.%';

-- Attack: the application forgets people.
SET ROLE fo_app;
SELECT * FROM gdpr.forget('fo.contact', '1', 'because');
SELECT * FROM gdpr.verify_forgotten('fo.contact', '1');
RESET ROLE;

-- Attack: an error text gives a key away; so does a table that has no people, or a null.
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.contact', '4711', 'nobody');
SELECT * FROM gdpr.forget('fo.contact', 'not a number', 'nobody');
SELECT * FROM gdpr.forget('fo.visit', '1', 'no subject');
SELECT * FROM gdpr.forget('fo.contact', NULL, 'nobody');
SELECT * FROM fo.contact;

-- The dry run says what the run does, and changes nothing; not even locks it.
BEGIN READ ONLY;
SELECT * FROM gdpr.forget('fo.contact', '1', 'request 117', dry_run => true);
COMMIT;
CREATE TEMP TABLE dry AS SELECT * FROM gdpr.forget('fo.contact', '1', 'request 117', true) WITH ORDINALITY;
RESET ROLE;
SELECT count(*) FROM fo.contact;
SELECT (SELECT count(*) FROM gdpr.erasure) AS receipts, (SELECT count(*) FROM gdpr.blocklist) AS blocked;
SET ROLE fo_officer;
CREATE TEMP TABLE run AS SELECT * FROM gdpr.forget('fo.contact', '1', 'request 117') WITH ORDINALITY;
(TABLE dry EXCEPT TABLE run) UNION ALL (TABLE run EXCEPT TABLE dry);
SELECT * FROM gdpr.verify_forgotten('fo.contact', '1');
RESET ROLE;
SELECT * FROM fo.contact ORDER BY id;
SELECT * FROM fo.visit ORDER BY id;
SELECT * FROM fo.note ORDER BY id;
SELECT tableoid::regclass, * FROM fo.login ORDER BY at;
SELECT * FROM fo.deal ORDER BY id;
SELECT * FROM fo.activity ORDER BY id;
SELECT * FROM fo.ticket ORDER BY id;
SELECT * FROM fo.address ORDER BY id;
SELECT * FROM fo.parcel ORDER BY id;
SELECT * FROM fo.setting ORDER BY id;
SELECT * FROM fo.device ORDER BY id;

-- The receipt says what was done and not to whom; the reason is readable to officers.
SET ROLE fo_officer;
SELECT subject_table, length(subject), reason::text, actions FROM gdpr.erasure;
SELECT * FROM gdpr.forget('fo.contact', '1', 'once more');
SELECT * FROM gdpr.forget('fo.contact', '1', 'once more', true);
SELECT count(*) FROM gdpr.erasure;
-- The last owner goes, and the rows with them. A composite key is a row literal.
SELECT * FROM gdpr.forget('fo.contact', '2', 'too');
SELECT * FROM gdpr.forget('fo.lead', '(IT,7)', 'too');
SELECT * FROM gdpr.forget('fo.lead', '(FR,7)', 'too');
RESET ROLE;
SELECT (SELECT count(*) FROM fo.contact), (SELECT count(*) FROM fo.deal), (SELECT count(*) FROM fo.activity), (SELECT count(*) FROM fo.address),
       (SELECT count(*) FROM fo.parcel), (SELECT count(*) FROM fo.login), (SELECT count(*) FROM fo.device), (SELECT count(*) FROM fo.ticket);
DROP TABLE dry, run;

-- What must be kept stays as it is, with what it points at, blanked; the person is restricted until then.
SET ROLE fo_owner;
CREATE DOMAIN fo.colour AS text CHECK (VALUE IN ('red', 'erased') OR VALUE ~ '^[X]+$');
CREATE TABLE fo.person (
    id int PRIMARY KEY,
    email varchar(60) NOT NULL UNIQUE CHECK (email LIKE '%@%'),
    name varchar(12) NOT NULL CHECK (length(name) > 2),
    phone text NOT NULL CHECK (phone ~ '^\+?[0-9]+$'),
    country char(2) NOT NULL CHECK (country = upper(country) AND country ~ '^[A-Z]{2}$'),
    salary numeric(6, 2) NOT NULL UNIQUE,
    born date NOT NULL CHECK (born < '2020-01-01'),
    tags text[] NOT NULL DEFAULT '{}',
    extra jsonb NOT NULL DEFAULT '{}',
    colour fo.colour NOT NULL DEFAULT 'red',
    fax text,
    memo text,
    CHECK (fax IS NOT NULL OR memo IS NOT NULL),
    tax text NOT NULL DEFAULT 'T'
);
CREATE TABLE fo.invoice (id int PRIMARY KEY, person_id int NOT NULL REFERENCES fo.person, issued_on date, buyer text);
CREATE TABLE fo.reading (id int PRIMARY KEY, person_id int REFERENCES fo.person, who text, value int);
INSERT INTO fo.person SELECT g, 'p' || g || '@example.it', 'Person ' || g, '+3906123456' || g, 'IT', g, '1980-01-01', '{x}', '{"a": 1}', 'red', '06', 'memo ' || g
    FROM generate_series(1, 4) g;
INSERT INTO fo.invoice VALUES (1, 1, now() - interval '1 year', 'Person 1'), (2, 1, '2001-01-01', 'Person 1'), (3, 2, now(), 'Person 2'), (4, 1, NULL, 'Person 1'),
                              (5, 1, 'infinity', 'Person 1');
INSERT INTO fo.reading VALUES (1, 1, 'Person 1', 10), (2, 1, 'Person 1', 20), (3, 2, 'Person 2', 30), (4, 3, 'Person 3', 30);
SECURITY LABEL FOR gdpr ON TABLE fo.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.phone IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.country IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.salary IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.born IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.tags IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.extra IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.colour IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.fax IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.memo IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN fo.person.tax IS 'personal, erase(keep)';
SECURITY LABEL FOR gdpr ON TABLE fo.invoice IS 'owned(person_id), keep(10 years, issued_on, legal_obligation)';
SECURITY LABEL FOR gdpr ON COLUMN fo.invoice.buyer IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.reading IS 'owned(person_id), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN fo.reading.who IS 'personal, erase(pseudonym)';
RESET ROLE;
CALL gdpr.apply();
SET ROLE fo_officer;
CREATE TEMP TABLE dry AS SELECT * FROM gdpr.forget('fo.person', '1', 'one', true);
CREATE TEMP TABLE run AS SELECT * FROM gdpr.forget('fo.person', '1', 'one');
(TABLE dry EXCEPT TABLE run) UNION ALL (TABLE run EXCEPT TABLE dry);
SELECT relation, regexp_replace(action, '\d{4}-\d\d-\d\d', 'DATE'), rows FROM run;
SELECT * FROM gdpr.forget('fo.person', '1', 'again');
SELECT * FROM gdpr.verify_forgotten('fo.person', '1');
SELECT relation, rows FROM gdpr.forget('fo.person', '2', 'two') WHERE action NOT LIKE 'keep%';
SELECT relation, action, rows FROM gdpr.forget('fo.person', '3', 'nothing is kept of this one');
RESET ROLE;
SELECT id, email ~ '^erased-[0-9a-f]{16}@erased.invalid$' AS email, name ~ '^[0-9a-f]{12}$' AS name, phone ~ '^\+000[0-9]{9}$' AS phone, country, salary, born, tags, extra, colour,
       fax ~ '^erased-[0-9a-f]{16}$' AS fax, memo, tax FROM fo.person WHERE id < 4 ORDER BY id;
SELECT id, person_id, buyer FROM fo.invoice ORDER BY id;
SELECT id, person_id, who ~ '^erased-' AS who, value FROM fo.reading ORDER BY id;
SELECT subject_table, key::text, kind, regexp_replace(reason::text, '\d{4}-\d\d-\d\d', 'DATE') FROM gdpr.restriction ORDER BY key::text;
-- When the duty ends, a second run finishes.
UPDATE fo.invoice SET issued_on = '1999-01-01' WHERE person_id = 1;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '1', 'the duty has ended', true);
SELECT * FROM gdpr.forget('fo.person', '1', 'the duty has ended');
SELECT * FROM gdpr.forget('fo.person', '1', 'the duty has ended');
RESET ROLE;
SELECT count(*) FROM gdpr.restriction WHERE key = '1';
DROP TABLE dry, run;

-- No pseudonym is admissible: the column is named, and nothing was done.
ALTER TABLE fo.person DROP CONSTRAINT person_phone_check, ADD CONSTRAINT odd CHECK (phone LIKE '%39%' AND phone LIKE '%06%') NOT VALID;
SET ROLE fo_owner;
SECURITY LABEL FOR gdpr ON TABLE fo.person IS 'subject, erase(anonymize)';
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
SELECT id, email, name FROM fo.person WHERE id = 4;

-- Attack: the owner's triggers take the officer's rights, or keep the row.
ALTER TABLE fo.person DROP CONSTRAINT odd;
SECURITY LABEL FOR gdpr ON TABLE fo.person IS 'subject';
SET ROLE fo_owner;
CREATE FUNCTION fo.spy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% as %, member %', TG_OP, current_user, pg_has_role('gdpr_officer', 'usage');
    RETURN coalesce(NEW, OLD);
END $$;
CREATE CONSTRAINT TRIGGER spy AFTER UPDATE OR DELETE ON fo.person DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fo.spy();
CREATE TRIGGER spy_too BEFORE UPDATE OR DELETE ON fo.person FOR EACH ROW EXECUTE FUNCTION fo.spy();
RESET ROLE;
SET ROLE fo_officer;
BEGIN;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
ROLLBACK;
RESET ROLE;
SET ROLE fo_owner;
DROP TRIGGER spy ON fo.person;
DROP TRIGGER spy_too ON fo.person;
CREATE FUNCTION fo.escalate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET ROLE fo_officer; RETURN OLD; END $$;
CREATE TRIGGER escalate BEFORE DELETE ON fo.person FOR EACH ROW EXECUTE FUNCTION fo.escalate();
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
SET ROLE fo_owner;
DROP TRIGGER escalate ON fo.person;
CREATE FUNCTION fo.append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER append_only BEFORE DELETE ON fo.person FOR EACH ROW EXECUTE FUNCTION fo.append_only();
INSERT INTO fo.reading VALUES (5, 4, 'Person 4', 1);
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
SELECT * FROM fo.reading WHERE id = 5;
SET ROLE fo_owner;
DROP TRIGGER append_only ON fo.person;
CREATE FUNCTION fo.quietly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER quietly BEFORE DELETE ON fo.person FOR EACH ROW EXECUTE FUNCTION fo.quietly();
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
SET ROLE fo_owner;
DROP TRIGGER quietly ON fo.person;
CREATE TRIGGER quietly BEFORE UPDATE ON fo.reading FOR EACH ROW EXECUTE FUNCTION fo.quietly();
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
SET ROLE fo_owner;
DROP TRIGGER quietly ON fo.reading;

-- Attack: a constraint's DETAIL quotes the row. And a table outside of the graph is neither emptied nor overlooked.
ALTER TABLE fo.reading ADD CONSTRAINT linked CHECK (person_id IS NOT NULL OR value < 0) NOT VALID;
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
ALTER TABLE fo.reading DROP CONSTRAINT linked;
CREATE TABLE fo.stranger (id int PRIMARY KEY, person_id int REFERENCES fo.person ON DELETE CASCADE, lead_land text, lead_no int);
SECURITY LABEL FOR gdpr ON TABLE fo.stranger IS 'owned(lead_land, lead_no -> lead)';
INSERT INTO fo.stranger VALUES (1, 4);
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four', true);
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
DROP TABLE fo.stranger;

-- Undecided: refused, with the label to write.
CREATE TABLE fo.contract (id int PRIMARY KEY, person_id int REFERENCES fo.person, land text, no int, FOREIGN KEY (land, no) REFERENCES fo.lead);
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
RESET ROLE;
-- Two owners, and a key that cannot be cut.
ALTER TABLE fo.contract ALTER person_id SET NOT NULL;
SECURITY LABEL FOR gdpr ON TABLE fo.contract IS 'owned(person_id), owned(land, no)';
INSERT INTO fo.lead VALUES ('DE', 1, NULL);
INSERT INTO fo.contract VALUES (1, 4, 'DE', 1);
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four', true);
RESET ROLE;
-- Accessed by a key that cannot be null: what it points at stays, without its values.
SECURITY LABEL FOR gdpr ON TABLE fo.contract IS 'accessed(person_id), owned(land, no)';
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.person', '4', 'four', true);
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
SELECT * FROM gdpr.forget('fo.person', '4', 'four');
SELECT * FROM gdpr.forget('fo.lead', '(DE,1)', 'its own row goes, the other person''s values went');
RESET ROLE;
SELECT id, name ~ '^[0-9a-f]{12}$' AS blank FROM fo.person WHERE id = 4;

-- Attack: names that are SQL.
SET ROLE fo_owner;
CREATE TABLE fo."x'; DROP TABLE fo.person; --" ("id"" OR true" text PRIMARY KEY, "$1" text NOT NULL, "b%b" text);
CREATE TABLE fo."c""d" ("of" text REFERENCES fo."x'; DROP TABLE fo.person; --" DEFERRABLE, "t.*" text);
INSERT INTO fo."x'; DROP TABLE fo.person; --" VALUES ('a''b', 'x', 'y'), ('c', 'z', 'z');
INSERT INTO fo."c""d" VALUES ('a''b', '1'), ('c', '2');
SECURITY LABEL FOR gdpr ON TABLE fo."x'; DROP TABLE fo.person; --" IS 'subject, erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN fo."x'; DROP TABLE fo.person; --"."$1" IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN fo."x'; DROP TABLE fo.person; --"."b%b" IS 'personal, erase(pseudonym)';
RESET ROLE;
CALL gdpr.apply();
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo."x''; DROP TABLE fo.person; --"', 'a''b', 'O''Hara; --');
SELECT * FROM gdpr.forget('fo."x''; DROP TABLE fo.person; --"', ''' OR true --', 'x');
RESET ROLE;
SELECT "id"" OR true", "$1" ~ '^erased-' AS one, "b%b" ~ '^erased-' AS two FROM fo."x'; DROP TABLE fo.person; --" ORDER BY 1;

-- Attack: the key's type is the owner's code.
SET ROLE fo_owner;
CREATE FUNCTION fo.watch(text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'checked by an officer: %', pg_has_role(current_user, 'gdpr_officer', 'usage'); RETURN true; END $$;
CREATE DOMAIN fo.code AS text CHECK (fo.watch(VALUE));
CREATE TABLE fo.coded (code fo.code PRIMARY KEY);
INSERT INTO fo.coded VALUES ('a');
SECURITY LABEL FOR gdpr ON TABLE fo.coded IS 'subject';
RESET ROLE;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.coded', 'a', 'coded', true);
RESET ROLE;

-- Samples of what was erased do not outlive it, even in a table that is empty now.
SET ROLE fo_owner;
CREATE TABLE fo.sampled (id int PRIMARY KEY, name text);
INSERT INTO fo.sampled VALUES (1, 'Sampled Person');
SECURITY LABEL FOR gdpr ON TABLE fo.sampled IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN fo.sampled.name IS 'personal';
ANALYZE fo.sampled;
INSERT INTO fo.sampled SELECT g, 'Sampled Person' FROM generate_series(2, 4) g;
ANALYZE fo.sampled;
RESET ROLE;
SELECT most_common_vals FROM pg_stats WHERE schemaname = 'fo' AND tablename = 'sampled' AND attname = 'name';
DELETE FROM fo.sampled WHERE id > 1;
SET ROLE fo_officer;
SELECT * FROM gdpr.forget('fo.sampled', '1', 'sampled');
RESET ROLE;
SELECT attname, most_common_vals FROM pg_stats WHERE schemaname = 'fo' AND tablename = 'sampled' AND attname = 'name';

-- One key that leads to one table in some rows and to another in others is cut where it leads to what goes; a key of
-- which no label speaks stays, and a row that is left goes on telling whose a kept one is.
SET ROLE fo_owner;
CREATE TABLE fo.client (id int PRIMARY KEY, name text);
CREATE TABLE fo.prospect (id int PRIMARY KEY, client_id int REFERENCES fo.client, note text);
CREATE TABLE fo.agreement (id int PRIMARY KEY, client_id int REFERENCES fo.client, note text);
CREATE TABLE fo.todo (id int PRIMARY KEY, ref int, of_prospect boolean, note text);
CREATE TABLE fo.bill (id int PRIMARY KEY, todo_id int REFERENCES fo.todo, made_on date, note text);
CREATE TABLE fo.remark (id int PRIMARY KEY, author int REFERENCES fo.client, prospect_id int REFERENCES fo.prospect, agreement_id int REFERENCES fo.agreement,
    CHECK (num_nonnulls(prospect_id, agreement_id) = 1), note text);
SECURITY LABEL FOR gdpr ON TABLE fo.client IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN fo.client.name IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.prospect IS 'owned(client_id)';
SECURITY LABEL FOR gdpr ON COLUMN fo.prospect.note IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.agreement IS 'owned(client_id), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN fo.agreement.note IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.todo IS 'owned(ref -> fo.prospect when of_prospect), owned(ref -> fo.agreement when NOT of_prospect), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN fo.todo.note IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.bill IS 'owned(todo_id), keep(10 years, made_on, legal_obligation)';
SECURITY LABEL FOR gdpr ON COLUMN fo.bill.note IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE fo.remark IS 'owned(author), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN fo.remark.note IS 'personal';
RESET ROLE;
CALL gdpr.apply();
INSERT INTO fo.client VALUES (1, 'Ann');
INSERT INTO fo.prospect VALUES (5, 1, 'prospect'), (6, 1, 'prospect');
INSERT INTO fo.agreement VALUES (5, 1, 'agreement'), (6, 1, 'agreement');
INSERT INTO fo.todo VALUES (1, 5, false, 'of agreement 5'), (2, 6, true, 'of prospect 6');
INSERT INTO fo.bill VALUES (1, 1, current_date, 'of Ann');
INSERT INTO fo.remark VALUES (1, 1, NULL, 6, 'mine');
SET ROLE fo_officer;
SELECT relation, split_part(action, ' until', 1) AS action, rows FROM gdpr.forget('fo.client', '1', 'asked');
SELECT jsonb_array_length(gdpr.access('fo.client', '1') #> '{data,fo.bill}') AS bills;
SELECT count(*) AS again FROM gdpr.forget('fo.client', '1', 'asked');
RESET ROLE;
SELECT * FROM fo.todo ORDER BY id;
SELECT * FROM fo.remark;

SET client_min_messages = warning;
DROP SCHEMA fo CASCADE;
DROP ROLE fo_owner, fo_officer, fo_app;
TRUNCATE gdpr.blocklist;
DELETE FROM gdpr.erasure;
DELETE FROM gdpr.restriction;
