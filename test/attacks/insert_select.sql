-- Attack: INSERT … SELECT.
-- gated: refused
INSERT INTO other SELECT id, email FROM person;
SELECT note FROM other;
