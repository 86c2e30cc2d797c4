-- Attack: FILTER as a question, and ORDER BY within an aggregate.
SELECT array_agg(person ORDER BY email) FILTER (WHERE email IS NOT NULL OR true) FROM person;
