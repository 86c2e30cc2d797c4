-- Attack: a foreign key of one's own table as a question.
-- gated: refused
CREATE TABLE probe (v :text REFERENCES login (email));
INSERT INTO probe VALUES ('zqx1@example.it') RETURNING 'learned: it is there';
