-- Attack: COPY of a materialised view.
-- hide: /^\\N$/
COPY (TABLE m) TO STDOUT;
