-- Attack: a domain that refuses the value, as a question.
-- tells: 23514
-- hide: hidden
-- mask: hidden
CREATE DOMAIN d AS text CHECK (VALUE NOT LIKE 'zqx%');
SELECT email::text::d FROM person;
