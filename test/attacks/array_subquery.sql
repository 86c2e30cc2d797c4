-- Attack: an array of a subquery.
SELECT ARRAY(SELECT email FROM person);
