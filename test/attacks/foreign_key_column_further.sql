-- Attack: a column that refers to one that refers to a gated one.
SELECT v FROM refers_further;
