-- Attack: \copy.
-- hide: /\\N/
\copy person to stdout
