-- Attack: VALUES.
SELECT x FROM person, LATERAL (VALUES (person.email)) AS v(x);
