-- Attack: COPY of the TOAST table.
-- as: every_reader
-- tells: 7a7178
-- gated: /\A(\\N\n)+\Z/
-- deny: refused
-- only: plain bare
SELECT 'COPY (SELECT chunk_data FROM ' || reltoastrelid::regclass || ') TO STDOUT' FROM pg_class WHERE oid = 'letter'::regclass
\gexec
