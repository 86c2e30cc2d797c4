-- Attack: row_security = off. (With policies PostgreSQL refuses it to all.)
-- only: bare
SET LOCAL row_security = off;
SELECT email FROM person;
