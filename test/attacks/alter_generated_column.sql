-- Attack: a generated column.
-- only: plain
-- gated: refused
-- deny: refused
ALTER TABLE own ADD x text GENERATED ALWAYS AS (same(email::text)) STORED;
SELECT x FROM own;
