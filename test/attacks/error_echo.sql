-- Attack: an error that quotes its argument.
-- hide: hidden
-- mask: /22P02: invalid input syntax for type integer: "z\*+@/
SELECT email::text::int FROM person;
