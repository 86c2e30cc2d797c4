-- Attack: another name and schema for the table.
ALTER TABLE own RENAME TO h;
CREATE SCHEMA elsewhere;
ALTER TABLE h SET SCHEMA elsewhere;
SELECT email FROM elsewhere.h;
