-- Attack: an ordered-set aggregate.
SELECT mode() WITHIN GROUP (ORDER BY email::text) FROM person;
