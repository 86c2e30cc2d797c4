-- Attack: an error that quotes its argument, in WHERE.
-- hide: nothing
-- mask: /22P02: invalid input syntax for type integer: "z\*+@/
SELECT id FROM person WHERE email::text::int = 1;
