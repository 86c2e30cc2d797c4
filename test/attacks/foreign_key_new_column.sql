-- Attack: a new column with a foreign key, whose default is the question.
-- gated: refused
CREATE TABLE probe (id int);
INSERT INTO probe VALUES (1);
ALTER TABLE probe ADD v :text DEFAULT 'zqx1@example.it' REFERENCES login_unread (email);
SELECT 'learned: it is there';
