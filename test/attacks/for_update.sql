-- Attack: FOR UPDATE.
SELECT email FROM person FOR UPDATE;
