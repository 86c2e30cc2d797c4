-- Attack: a path into a hidden document as a question.
-- gated: nothing
SELECT 'learned: it begins so' FROM person WHERE doc @? '$.mail ? (@ starts with "zqx")';
