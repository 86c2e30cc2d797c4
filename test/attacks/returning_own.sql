-- Attack: RETURNING of one's own row, where a trigger or a default may have put more.
INSERT INTO person (id, email) VALUES (99, 'zqx99') RETURNING email;
