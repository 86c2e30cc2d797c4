-- Attack: a function of the gated role that copies, called by one who may.
-- as: postgres
-- open: views and functions of a gated role
SET SESSION AUTHORIZATION free;
SELECT reader_copies();
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION reader;
SELECT note FROM other;
