-- Attack: the owner of the table.
SELECT email FROM own;
