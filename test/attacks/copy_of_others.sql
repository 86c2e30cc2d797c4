-- Attack: a table that an ungated role has filled from the gated one.
-- open: copies made by ungated roles
SELECT email FROM copied_before;
