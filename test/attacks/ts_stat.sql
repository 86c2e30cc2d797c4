-- Attack: ts_stat, which runs a query that it is given.
-- hide: nothing
-- mask: /./
SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', replace(email, ''@'', '' '')) FROM person');
