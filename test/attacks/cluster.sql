-- Attack: a table of one's own put in the order of a gated column: where its rows lie tells how the values compare.
-- tells: ^learned: 3
-- gated: refused
CLUSTER ordered_own USING ordered_own_key;
SELECT 'learned: ' || id FROM ordered_own ORDER BY ctid LIMIT 1;
