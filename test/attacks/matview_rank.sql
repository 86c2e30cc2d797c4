-- Attack: the place of a value among the others, which a materialised view has kept.
-- tells: ^1\|11$
-- hide: /^1\|\(null\)$/
-- mask: /^1\|10$/
SELECT id, place FROM ranks ORDER BY id;
