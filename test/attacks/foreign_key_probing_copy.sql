-- Attack: a foreign key of one's own table as a question, asked by COPY.
-- gated: refused
CREATE TABLE probe (v :text REFERENCES login (email));
COPY probe FROM STDIN;
zqx1@example.it
\.
SELECT 'learned: it is there' FROM probe;
