-- Attack: a scalar function in SQL.
SELECT one_email();
