-- Attack: a materialised view of one's own, filled later.
-- gated: refused
CREATE MATERIALIZED VIEW mine AS SELECT person::text AS r FROM person WITH NO DATA;
REFRESH MATERIALIZED VIEW mine;
SELECT r FROM mine;
