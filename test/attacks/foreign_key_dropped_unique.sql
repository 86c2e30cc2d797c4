-- Attack: the foreign key dropped, that gates a column of one's own table, with the unique constraint that it needs.
-- only: plain bare
-- gated: refused
SET client_min_messages = warning;
ALTER TABLE keys_own DROP CONSTRAINT keys_own_email_key CASCADE;
SELECT v FROM refers_own_keys;
