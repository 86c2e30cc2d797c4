-- Attack: system columns, and the row they lead to.
SELECT email, person FROM person WHERE ctid IN (SELECT ctid FROM person) AND xmin IS NOT NULL AND tableoid = 'person'::regclass;
