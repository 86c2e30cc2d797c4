-- Attack: an heir's row as one of its parent's.
SELECT (c::parent)::text FROM child c;
