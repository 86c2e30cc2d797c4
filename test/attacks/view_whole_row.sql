-- Attack: the whole row of a view.
SELECT v FROM v;
