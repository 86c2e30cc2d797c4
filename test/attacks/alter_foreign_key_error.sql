-- Attack: a foreign key to a table of one's own, whose error quotes the key. (Of tables with policies PostgreSQL quotes no row to anybody.)
-- only: bare
-- gated: refused
-- deny: refused
CREATE TABLE mine (v :text UNIQUE);
ALTER TABLE twice ADD FOREIGN KEY (email) REFERENCES mine (v);
