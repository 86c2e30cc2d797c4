-- Attack: a path into a hidden document.
-- hide: hidden
SELECT doc -> 'list' -> 0, doc #>> '{mail}', jsonb_path_query_array(doc, '$.*') FROM person;
