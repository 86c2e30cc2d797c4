-- Attack: the foreign key dropped, that gates a column of one's own table, together with the collation of the key's other end.
-- only: plain
-- gated: refused
SET client_min_messages = warning;
DROP COLLATION own_order CASCADE;
SELECT v FROM refers_collated;
