-- Attack: a partition created for a guess: an error tells that the default one has such a row.
-- only: plain
-- tells: would be violated by some row
-- gated: refused
CREATE TABLE defaulted_zqx1 PARTITION OF defaulted FOR VALUES IN ('zqx1');
