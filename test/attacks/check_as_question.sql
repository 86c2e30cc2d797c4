-- Attack: a check constraint over a gated and another column as a question.
-- tells: 23514
-- open: a CHECK constraint over
UPDATE paired SET guess = 'zqx1@example.it' WHERE id = 1;
