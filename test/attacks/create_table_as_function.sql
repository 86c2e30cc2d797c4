-- Attack: CREATE TABLE AS from a function.
-- hide: hidden
CREATE TABLE copied AS SELECT * FROM rows_email() AS email;
SELECT * FROM copied;
