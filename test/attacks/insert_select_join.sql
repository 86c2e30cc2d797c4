-- Attack: INSERT … SELECT through WITH and a join.
-- gated: refused
INSERT INTO other WITH x AS (SELECT * FROM person) SELECT a.id, coalesce(b.email, '') FROM x a LEFT JOIN x b USING (id);
SELECT note FROM other;
