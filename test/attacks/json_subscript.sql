-- Attack: a subscript into a hidden document.
-- only: plain
-- hide: hidden
SELECT doc['mail'] FROM person;
