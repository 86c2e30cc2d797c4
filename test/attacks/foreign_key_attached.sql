-- Attack: a partition that brings the questions to a table with a foreign key.
-- gated: refused
CREATE TABLE probe (v :text REFERENCES login (email)) PARTITION BY LIST (v);
CREATE TABLE probe_1 (v :text);
INSERT INTO probe_1 VALUES ('zqx1@example.it');
ALTER TABLE probe ATTACH PARTITION probe_1 DEFAULT;
SELECT 'learned: it is there' FROM probe;
