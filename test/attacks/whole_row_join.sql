-- Attack: the whole row of a join.
SELECT j FROM (person a JOIN person b USING (id)) AS j;
