-- Attack: format and concatenation.
SELECT format('%s', person::text), '-' || email FROM person;
