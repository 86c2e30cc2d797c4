-- Attack: the foreign key dropped that gates a column of one's own table.
-- only: plain
-- gated: refused
ALTER TABLE refers_own DROP CONSTRAINT refers_own_v_fkey;
SELECT v FROM refers_own;
