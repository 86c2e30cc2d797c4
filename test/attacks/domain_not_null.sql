-- Attack: are there nulls in a gated column, asked by its domain?
-- only: plain
-- tells: contains null values
-- gated: refused
UPDATE of_checked SET v = NULL;
ALTER DOMAIN checked_further SET NOT NULL;
