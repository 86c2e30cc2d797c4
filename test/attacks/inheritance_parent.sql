-- Attack: the parent of the labelled heir.
SELECT email FROM parent;
