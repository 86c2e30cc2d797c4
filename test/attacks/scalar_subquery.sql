-- Attack: a scalar subquery.
SELECT (SELECT max(email) FROM person);
