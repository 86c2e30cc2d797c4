-- Attack: rows compared with each other.
-- gated: nothing
SELECT 'learned: it is there' FROM person WHERE (id, email) = (1, 'zqx1@example.it');
