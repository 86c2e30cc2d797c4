-- Attack: a foreign key of one's own table as a question, asked by UPDATE.
-- gated: refused
CREATE TABLE probe (v :text REFERENCES login (email));
INSERT INTO probe VALUES (NULL);
UPDATE probe SET v = 'zqx1@example.it' RETURNING 'learned: it is there';
