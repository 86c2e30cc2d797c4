-- Attack: ts_rewrite, which runs a query that it is given.
-- hide: /^'a'$/
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, quote_literal(email::text)::tsquery FROM person WHERE id = 1');
