-- Attack: IN as a question.
-- gated: /^f?$/
SELECT CASE WHEN 'zqx1@example.it' IN (SELECT email FROM person) THEN 'learned: it is there' ELSE 'f' END;
