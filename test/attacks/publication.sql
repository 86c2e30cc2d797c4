-- Attack: publishing the table.
-- gated: refused
-- deny: refused
SET client_min_messages = error;
CREATE PUBLICATION mine FOR TABLE own;
SELECT 'learned: it is published';
