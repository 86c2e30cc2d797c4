-- Attack: the order in which an index alone gives what is not gated.
-- tells: ^learned: \{3,1,2\}
-- gated: /^learned: \{1,2,3\}/
-- deny: /^learned: \{1,2,3\}/
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT 'learned: ' || array_agg(id)::text FROM (SELECT id FROM ordered_alone) x;
