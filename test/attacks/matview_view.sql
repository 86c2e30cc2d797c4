-- Attack: a view of a materialised view.
SELECT e FROM v_of_m;
