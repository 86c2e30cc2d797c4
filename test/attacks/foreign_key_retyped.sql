-- Attack: a column with a foreign key, whose values ALTER … USING turns into the question.
-- gated: refused
CREATE TABLE probe (v :text REFERENCES login_unread (email));
INSERT INTO probe VALUES (NULL);
ALTER TABLE probe ALTER v TYPE :text USING 'zqx1@example.it';
SELECT 'learned: it is there';
