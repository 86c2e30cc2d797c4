-- A table of which nobody has decided whose its rows are does not keep apply() from protecting the others.
CREATE SCHEMA ud;
SET search_path = ud;
CREATE ROLE ud_tool;
CREATE ROLE ud_officer;
GRANT gdpr_officer TO ud_officer;
CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE firm (id int PRIMARY KEY, name text);
CREATE TABLE visit (id int PRIMARY KEY, person_id int REFERENCES person, note text);
CREATE TABLE contract (id int PRIMARY KEY, person_id int REFERENCES person, firm_id int REFERENCES firm, note text);
CREATE TABLE clause (id int PRIMARY KEY, contract_id int REFERENCES contract, text text);
INSERT INTO person VALUES (1, 'Ann');
INSERT INTO firm VALUES (1, 'Bee');
INSERT INTO visit VALUES (1, 1, 'late');
INSERT INTO contract VALUES (1, 1, 1, 'secret');
INSERT INTO clause VALUES (1, 1, 'small print');
GRANT USAGE ON SCHEMA ud TO ud_tool, ud_officer;
GRANT SELECT ON ALL TABLES IN SCHEMA ud TO ud_tool;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE firm IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN visit.note IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contract.note IS 'personal, encrypted';
CREATE VIEW enforced AS
    SELECT c.relname, ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid ORDER BY 1) AS policies,
           ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND tgname LIKE 'gdpr%' ORDER BY 1) AS triggers
      FROM pg_class c WHERE relnamespace = 'ud'::regnamespace AND relkind = 'r' ORDER BY 1;

-- The plan says what is to be decided, once.
SELECT relation, action, statement FROM gdpr.plan() WHERE action LIKE 'decide%' AND relation::text ~ '^(contract|clause)' ORDER BY 1, 3;
-- Everything else is done, and it is told what is not.
CALL gdpr.apply();
SELECT * FROM enforced;
SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'contract'::regclass AND attname = 'note';
SELECT relation, action FROM gdpr.plan() WHERE relation::text ~ '^(person|firm|visit|contract|clause)' ORDER BY 1, 2;
-- Named alone, it is an error, and nothing is done.
CALL gdpr.apply('contract');

-- Attack: what is left undecided is not half protected in silence. No right is carried out for whoever may be concerned,
SET ROLE ud_officer;
SELECT gdpr.restrict('person', '1', 'asked for it');
SELECT count(*) FROM gdpr.access('firm', '1');
SELECT * FROM gdpr.forget('person', '1', 'asked for it');
RESET ROLE;
-- and gates hold on it as on any other table, also in a session without the library: the policy is there.
SELECT gdpr.assign_channel('ud_tool', 'ud_export');
SELECT gdpr.gate('personal', 'ud_export', 'hide');
CALL gdpr.apply();
SELECT * FROM enforced WHERE relname IN ('contract', 'clause');
SET ROLE ud_tool;
SELECT note FROM contract;
RESET ROLE;

-- Decided, it is enforced whole, and the rights are carried out.
SECURITY LABEL FOR gdpr ON TABLE contract IS 'owned(person_id), accessed(firm_id)';
CALL gdpr.apply();
SELECT * FROM enforced WHERE relname IN ('contract', 'clause');
SET ROLE ud_officer;
SELECT gdpr.restrict('person', '1', 'asked for it');
RESET ROLE;
SET ROLE ud_tool;
SELECT count(*) FROM contract;
RESET ROLE;

-- A key added later makes a protected table undecided: its policy stays, and raises rather than guess.
CREATE TABLE lead (id int PRIMARY KEY);
SECURITY LABEL FOR gdpr ON TABLE lead IS 'subject';
ALTER TABLE visit ADD COLUMN lead_id int REFERENCES lead;
CALL gdpr.apply();
SELECT policies FROM enforced WHERE relname = 'visit';
SET ROLE ud_tool;
SELECT count(*) FROM visit;
RESET ROLE;
SECURITY LABEL FOR gdpr ON TABLE visit IS 'owned(person_id)';
CALL gdpr.apply();
SET ROLE ud_tool;
SELECT count(*) FROM visit;
RESET ROLE;

SET ROLE ud_officer;
SELECT gdpr.unrestrict('person', '1', 'no longer');
RESET ROLE;
SELECT gdpr.gate('personal', 'ud_export', NULL);
SELECT gdpr.assign_channel('ud_tool', NULL);
SET client_min_messages = warning;
DROP SCHEMA ud CASCADE;
DROP OWNED BY ud_tool, ud_officer;
DROP ROLE ud_tool, ud_officer;
