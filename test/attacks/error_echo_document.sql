-- Attack: an error that quotes a field of a document.
-- hide: hidden
-- mask: /22P02: invalid input syntax for type integer: "z\*+@/
SELECT (doc ->> 'mail')::int FROM person;
