-- Attack: an error that depends on the value, by a cast of the answer.
-- tells: division by zero
-- hide: hidden
-- mask: /^-?[01]?$/
SELECT 1 / (email <> 'zqx1@example.it')::int FROM person WHERE id = 1;
