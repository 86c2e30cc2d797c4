-- Attack: ranges put together.
-- tells: 7071
-- mask: /null/
SELECT range_agg(days), range_intersect_agg(days) FROM stay;
