-- Attack: COPY of a partition.
-- hide: /^1\t1\t\\N$/
COPY visit_1 TO STDOUT;
