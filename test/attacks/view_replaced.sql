-- Attack: another body for the view that a materialised view was made of, which then seems to hold something else.
-- gated: refused
-- deny: refused
CREATE OR REPLACE VIEW own_view AS SELECT NULL::text AS email FROM own;
SELECT email FROM own_m;
