-- Attack: a view over the gated role's function with SECURITY DEFINER, read by another.
-- as: free
SELECT e FROM reader_view;
