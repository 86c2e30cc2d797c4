-- Attack: a view whose condition reads the column.
-- gated: nothing
SELECT 'learned: it is there' FROM v_condition;
