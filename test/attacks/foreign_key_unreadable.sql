-- Attack: a foreign key by who may refer to the table and not read it, so that PostgreSQL checks row by row.
-- gated: refused
CREATE TABLE probe (v :text);
INSERT INTO probe VALUES ('zqx1@example.it');
ALTER TABLE probe ADD FOREIGN KEY (v) REFERENCES login_unread (email);
SELECT 'learned: it is there';
