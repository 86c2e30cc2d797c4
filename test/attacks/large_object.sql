-- Attack: a large object.
-- open: large objects
SELECT convert_from(lo_get(4711), 'UTF8');
