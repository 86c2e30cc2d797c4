-- Attack: SET ROLE to a role that sees, in the session of one that does not.
-- as: switcher
SET ROLE free;
SELECT email FROM person;
