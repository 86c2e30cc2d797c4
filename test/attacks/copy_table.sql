-- Attack: COPY of the table.
-- hide: /^1\t1\t1\t\\N/
COPY person TO STDOUT;
