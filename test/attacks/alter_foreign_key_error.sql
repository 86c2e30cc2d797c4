-- Attack: a foreign key to a table of one's own, whose error quotes the key.
-- gated: refused
-- deny: refused
CREATE TABLE mine (v :text UNIQUE);
ALTER TABLE twice ADD FOREIGN KEY (email) REFERENCES mine (v);
