-- Attack: CASE and COALESCE.
-- hide: /^x$/
SELECT CASE WHEN true THEN coalesce(email, 'x') END FROM person;
