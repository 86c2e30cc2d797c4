-- Attack: a partition of one's own with a check, into which the rows move.
-- gated: refused
-- deny: refused
CREATE TABLE mine PARTITION OF parts (CHECK (heard(email::text))) FOR VALUES FROM (10) TO (20);
UPDATE parts SET at = 15;
