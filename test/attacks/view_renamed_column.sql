-- Attack: a column of another name in a view.
SELECT e FROM v_named;
