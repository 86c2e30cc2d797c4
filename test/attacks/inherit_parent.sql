-- Attack: a parent of one's own.
-- gated: refused
-- deny: refused
CREATE TABLE mine (LIKE own);
ALTER TABLE own INHERIT mine;
SELECT email FROM mine;
