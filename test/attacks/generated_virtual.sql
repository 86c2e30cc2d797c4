-- Attack: a virtual generated column of one's own table, over a gated one.
-- needs: 18
-- only: plain
-- gated: refused
ALTER TABLE own ADD COLUMN told text GENERATED ALWAYS AS (email) VIRTUAL;
SELECT told FROM own;
