-- Attack: LATERAL.
SELECT x FROM person, LATERAL (SELECT upper(person.email), person.email) AS x;
