-- Attack: the expression of a generated column dropped, so that it is made of nothing gated any more.
-- only: plain
-- gated: refused
ALTER TABLE made_own ALTER low DROP EXPRESSION;
SELECT low FROM made_own;
