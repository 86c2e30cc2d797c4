-- Attack: a view of a view.
SELECT email FROM vv;
