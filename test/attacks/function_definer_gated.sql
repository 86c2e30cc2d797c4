-- Attack: a function with SECURITY DEFINER owned by the gated role, called by another.
-- as: free
SELECT reader_definer();
