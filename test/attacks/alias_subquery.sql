-- Attack: an alias and a subquery.
SELECT x.y FROM (SELECT email AS y FROM person) x;
