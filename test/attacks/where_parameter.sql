-- Attack: the value as a parameter of a prepared statement.
-- gated: nothing
PREPARE p(text) AS SELECT 'learned: it is there' FROM person WHERE email = $1;
EXECUTE p('zqx1@example.it');
