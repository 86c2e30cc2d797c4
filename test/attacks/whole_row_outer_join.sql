-- Attack: the whole row behind an outer join.
SELECT b FROM other a LEFT JOIN person b ON b.id = a.id;
