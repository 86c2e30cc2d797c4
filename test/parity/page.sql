-- The tables of doc/types.md.
SELECT '| | ' || string_agg(parity_name, ' | ' ORDER BY number) || ' |' || E'\n| --- |' || repeat(' --- |', count(*)::int)
  FROM (SELECT number, (SELECT typname FROM pg_type WHERE oid = plain) AS parity_name FROM matrix.type) t;
SELECT '| ' || name || ' | ' || string_agg(verdict, ' | ' ORDER BY v.type) || ' |'
  FROM matrix.verdict v JOIN matrix.feature f ON f.number = v.feature GROUP BY f.number, name ORDER BY f.number;
