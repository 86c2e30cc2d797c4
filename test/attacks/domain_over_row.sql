-- Attack: the whole row as a domain of one's own, with a check.
CREATE DOMAIN told AS person CHECK (heard(VALUE::text));
SELECT p::told FROM person p;
