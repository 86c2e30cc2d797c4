-- Attack: USING as a question.
-- gated: nothing
SELECT 'learned: it is there' FROM person JOIN (VALUES ('zqx1@example.it')) v(email) USING (email);
