-- Attack: a membership that does not inherit.
-- as: heir
SELECT email FROM person;
