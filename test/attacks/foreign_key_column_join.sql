-- Attack: an ungated value joined to a column that refers to a gated one.
-- gated: nothing
-- tells: learned
SELECT 'learned: ' || g FROM generate_series(1, 20) g JOIN refers ON v = 'zqx' || g || '@example.it';
