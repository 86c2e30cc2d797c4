-- Attack: the column computed from itself, which an error quotes.
-- gated: refused
UPDATE person SET tenant = email::int;
