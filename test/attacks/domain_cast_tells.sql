-- Attack: a domain whose check tells.
CREATE DOMAIN d AS text CHECK (heard(VALUE));
SELECT email::text::d FROM person;
