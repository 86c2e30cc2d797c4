-- Attack: a foreign key put on a table that holds the questions already, and validated later.
-- gated: refused
CREATE TABLE probe (v :text);
INSERT INTO probe VALUES ('zqx1@example.it');
ALTER TABLE probe ADD FOREIGN KEY (v) REFERENCES login (email) NOT VALID;
ALTER TABLE probe VALIDATE CONSTRAINT probe_v_fkey;
SELECT 'learned: it is there';
