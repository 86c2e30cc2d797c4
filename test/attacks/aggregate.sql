-- Attack: an aggregate.
SELECT string_agg(email::text, ',') FROM person;
