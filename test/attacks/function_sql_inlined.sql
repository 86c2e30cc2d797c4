-- Attack: a function in SQL that would be inlined.
SELECT * FROM rows_email();
