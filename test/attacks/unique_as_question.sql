-- Attack: a unique constraint as a question.
-- tells: 23505
-- open: a unique constraint
INSERT INTO person (id, tenant, email) VALUES (60, 1, 'zqx1@example.it');
