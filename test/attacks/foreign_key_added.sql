-- Attack: a foreign key put on a table that holds the questions already.
-- gated: refused
CREATE TABLE probe (v :text);
INSERT INTO probe VALUES ('zqx1@example.it');
ALTER TABLE probe ADD FOREIGN KEY (v) REFERENCES login (email);
SELECT 'learned: it is there';
