-- Attack: the row as JSON.
SELECT row_to_json(person), to_jsonb(person) ->> 'email' FROM person;
