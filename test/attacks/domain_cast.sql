-- Attack: a domain that quotes what it refuses.
-- hide: hidden
-- mask: /22P02: invalid input syntax for type integer: "z\*+@/
CREATE DOMAIN d AS text CHECK (VALUE::int > 0);
SELECT email::text::d FROM person;
