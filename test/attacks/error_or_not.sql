-- Attack: an error that depends on the value.
-- tells: division by zero
-- gated: nothing
SELECT id FROM person WHERE 1 / (CASE WHEN email = 'zqx1@example.it' THEN 0 ELSE 1 END) = 2;
