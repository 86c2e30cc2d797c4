-- Attack: conditions on a column without a label that refers to a gated one.
-- gated: nothing
-- tells: learned
SELECT 'learned: ' || id FROM refers WHERE v = 'zqx1@example.it';
