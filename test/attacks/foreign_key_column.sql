-- Attack: a column without a label that refers to a gated one.
SELECT v FROM refers;
