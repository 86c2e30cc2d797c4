-- Attack: the order in which an index gives rows, without an ORDER BY.
-- tells: ^learned: \{3,1,2\}
-- gated: /^learned: \{1,2,3\}/
-- deny: /^learned: \{1,2,3\}/
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
SELECT 'learned: ' || array_agg(id)::text FROM (SELECT id FROM ordered WHERE tenant = 1) x;
