-- Attack: a column that a join merges.
-- hide: nothing
SELECT email FROM person a JOIN person b USING (email);
