-- Attack: a function in FROM.
SELECT x FROM person, LATERAL unnest(ARRAY[person.email::text]) AS x;
