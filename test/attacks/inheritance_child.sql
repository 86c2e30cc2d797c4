-- Attack: an heir of the labelled table.
SELECT email FROM ONLY child;
