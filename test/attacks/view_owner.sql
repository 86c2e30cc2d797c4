-- Attack: a view of the owner.
SELECT email FROM v;
