-- Attack: how long it is stored. (What is encrypted is masked as long as it was.)
-- hide: hidden
-- mask: /^\d+$/
-- deny: refused
-- only: plain
-- tells: ^16$
SELECT pg_column_size(email) FROM person WHERE id = 1;
