-- Attack: another name for the column.
ALTER TABLE own RENAME email TO other_name;
SELECT other_name FROM own;
