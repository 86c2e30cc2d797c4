-- Attack: COPY of what a statement returns.
-- hide: /^\\N$/
COPY (UPDATE person SET n = 1 WHERE id = 1 RETURNING email) TO STDOUT;
