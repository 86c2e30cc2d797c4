-- Attack: a check constraint as a question.
-- gated: refused
-- deny: refused
ALTER TABLE own ADD CHECK (email LIKE 'zqx%');
SELECT 'learned: all begin so';
