-- Attack: crosstab, which runs a query that it is given.
-- needs: tablefunc
SELECT * FROM crosstab('SELECT id, 1, email::text FROM person ORDER BY 1', 'SELECT 1') AS t(id int, email text);
