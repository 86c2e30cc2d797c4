-- Attack: COPY of a query.
-- hide: /^\\N$/
COPY (SELECT email FROM person) TO STDOUT;
