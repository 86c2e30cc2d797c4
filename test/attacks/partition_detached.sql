-- Attack: a partition that is detached, and has no label of its own.
-- only: bare
-- gated: refused
-- deny: refused
ALTER TABLE parts DETACH PARTITION parts_1;
SELECT email FROM parts_1;
