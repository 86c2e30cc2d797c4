-- Attack: the TOAST table, by who may read every table. (Of an encrypted column it holds ciphertext; where it has policies, the table tells the same.)
-- as: every_reader
-- gated: /\A(\(null\)\n)+\Z/
-- deny: refused
-- only: plain bare
SELECT 'SELECT convert_from(chunk_data, ''LATIN1'') FROM ' || reltoastrelid::regclass FROM pg_class WHERE oid = 'letter'::regclass
\gexec
