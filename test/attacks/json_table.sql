-- Attack: JSON_TABLE of a hidden document.
-- needs: 17
-- hide: nothing
SELECT t.mail FROM person, JSON_TABLE(doc::jsonb, '$' COLUMNS (mail text PATH '$.mail')) t;
