-- Attack: an aggregate of one's own, whose transition function tells.
CREATE FUNCTION step(text, text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN heard($2) THEN $2 END $$;
CREATE AGGREGATE gather(text) (SFUNC = step, STYPE = text);
SELECT gather(email::text) FROM person;
