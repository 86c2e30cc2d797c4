-- Attack: GROUP BY.
SELECT email, count(*) FROM person GROUP BY email;
