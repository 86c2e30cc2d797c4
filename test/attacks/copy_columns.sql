-- Attack: COPY of some columns.
-- hide: /^1,$/
COPY person (id, email) TO STDOUT (FORMAT csv, HEADER);
