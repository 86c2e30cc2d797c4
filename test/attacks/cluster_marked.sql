-- Attack: a table of one's own marked to be put in the order of a gated column.
-- tells: ^learned: 3
-- gated: refused
ALTER TABLE ordered_own CLUSTER ON ordered_own_key;
CLUSTER ordered_own;
SELECT 'learned: ' || id FROM ordered_own ORDER BY ctid LIMIT 1;
