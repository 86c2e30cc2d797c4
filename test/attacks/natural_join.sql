-- Attack: NATURAL JOIN as a question.
-- gated: nothing
SELECT 'learned: it is there' FROM person NATURAL JOIN (VALUES ('zqx1@example.it')) v(email);
