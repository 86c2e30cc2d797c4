-- Attack: a partitioned table of one's own that takes the table in.
-- only: plain
-- gated: refused
-- deny: refused
CREATE TABLE mine (LIKE own) PARTITION BY LIST (same(email));
ALTER TABLE mine ATTACH PARTITION own DEFAULT;
SELECT email FROM mine;
