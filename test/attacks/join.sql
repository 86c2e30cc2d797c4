-- Attack: a join with the table itself.
SELECT b.email FROM person a JOIN person b USING (id);
