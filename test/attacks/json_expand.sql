-- Attack: a document made into rows.
-- hide: nothing
SELECT k, v FROM person, jsonb_each_text(doc) AS e(k, v);
