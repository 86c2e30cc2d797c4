-- Attack: a path into the row as a document.
-- gated: nothing
SELECT 'learned: it begins so' FROM person WHERE to_jsonb(person) @? '$.email ? (@ starts with "zqx")';
