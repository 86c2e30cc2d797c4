-- Attack: the foreign key dropped, that gates a column of one's own table, together with what it needs of one's own other table.
-- only: plain
-- gated: refused
SET client_min_messages = warning;
DROP TABLE keys_own CASCADE;
SELECT v FROM refers_own_keys;
