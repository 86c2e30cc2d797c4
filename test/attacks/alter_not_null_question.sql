-- Attack: SET NOT NULL as a question.
-- tells: 23502
-- gated: refused
-- deny: refused
INSERT INTO own (id) VALUES (99);
ALTER TABLE own ALTER email SET NOT NULL;
