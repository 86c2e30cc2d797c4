-- Attack: a materialised view of one's own.
-- gated: refused
CREATE MATERIALIZED VIEW mine AS SELECT * FROM person;
SELECT email FROM mine;
