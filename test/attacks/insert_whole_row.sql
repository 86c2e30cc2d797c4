-- Attack: INSERT of the whole row as text.
-- gated: refused
INSERT INTO other SELECT id, person::text FROM person;
SELECT note FROM other;
