-- Attack: the column cast as it is, which quotes its argument.
-- hide: hidden
-- mask: /22P02: invalid input syntax for type integer: "z\*+@/
SELECT email::int FROM person;
