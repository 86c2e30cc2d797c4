-- The constructs that are neither operators nor functions: those that look for a common type, comparisons of rows, set
-- operations, casts, rows and documents, each beside plain and encrypted columns of all types of the category, literals
-- and parameters.
CREATE TABLE parity.construct (shape text, pairs boolean);
INSERT INTO parity.construct
SELECT shape, true FROM unnest(ARRAY[
    'coalesce(%s, %s)', 'CASE WHEN id = 1 THEN %s ELSE %s END', 'CASE %s WHEN %s THEN 1 ELSE 2 END', 'ARRAY[%s, %s]', '(ARRAY[%s, %s])[2]', 'greatest(%s, %s)', 'least(%s, %s)', 'nullif(%s, %s)',
    '%s IN (%s, NULL)', '%1$s NOT IN (%2$s, %2$s)', '%s = ANY (ARRAY[%s])', '%s <> ALL (ARRAY[%s, NULL])', '%1$s BETWEEN %2$s AND %2$s', '%1$s BETWEEN SYMMETRIC %2$s AND %1$s', '%s IS DISTINCT FROM %s',
    '(%s, 1) < (%s, 2)', '(%s, 1) = (%s, 1)', '(id, %s) >= (2, %s)', '(%s, id) IN ((%s, 1), (NULL, 2))', 'ROW(%s, 1) IS DISTINCT FROM ROW(%s, 1)',
    '(SELECT x FROM (SELECT %1$s UNION ALL SELECT %2$s) u(x) LIMIT 1)', '(SELECT count(*) FROM (SELECT %s UNION SELECT %s) u)', '(SELECT count(*) FROM (SELECT %s INTERSECT SELECT %s) u)',
    '(SELECT count(*) FROM (SELECT %s EXCEPT SELECT %s) u)', '(SELECT x FROM (VALUES (%s), (%s)) u(x) LIMIT 1)', '%s IN (SELECT %s)', '%s = ANY (SELECT %s)', '(SELECT max(x) FROM (VALUES (%s), (%s)) u(x))',
    'format(''%%s %%L'', %s, %s)', 'concat_ws(''-'', %s, %s)', 'num_nulls(%s, %s)', 'json_build_array(%s, %s)', 'jsonb_build_object(''a'', %s, ''b'', %s)', 'to_jsonb(ROW(%s, %s))', 'row_to_json(ROW(%s, %s))',
    'ROW(%s, %s)::text', '(SELECT x FROM LATERAL (SELECT coalesce(%s, %s)) u(x))']) shape;
INSERT INTO parity.construct
SELECT shape, false FROM unnest(ARRAY[
    '%s IS NULL', '%s::text', 'to_json(%s)', 'to_jsonb(%s)', 'ROW(%s)', 'json_agg(%s) OVER (ORDER BY id)', 'jsonb_agg(%s) FILTER (WHERE id < 3)', 'array_agg(%1$s ORDER BY %1$s DESC)', 'array_agg(DISTINCT %s)',
    'count(DISTINCT %s)', 'string_agg(%s::text, '','' ORDER BY id)', 'mode() WITHIN GROUP (ORDER BY %s)', 'percentile_disc(0.5) WITHIN GROUP (ORDER BY %s)', 'first_value(%1$s) OVER (ORDER BY %1$s DESC NULLS LAST)',
    'count(*) OVER (PARTITION BY %s)', 'rank() OVER (ORDER BY %s)', 'lag(%s) OVER (ORDER BY id)', 'lag(%1$s, 1, %1$s) OVER (ORDER BY id)', 'count(*) OVER (ORDER BY %s GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)',
    'nth_value(%s, 2) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)', '(SELECT max(u.x) FROM (SELECT %s AS x) u)', 'array_length(ARRAY[%s], 1)', 'unnest(ARRAY[%1$s, %1$s])',
    'cardinality(array_append(ARRAY[%1$s], %1$s))', 'array_position(ARRAY[%1$s], %1$s)', 'array_to_string(ARRAY[%s], '','')', 'array_to_json(ARRAY[%s])', '%1$s = ANY (ARRAY[%1$s])', 'pg_typeof(%s)', 'pg_collation_for(%s)']) shape;
-- Every cast that the catalog has, and those by text.
CREATE VIEW parity.target AS
SELECT castsource AS source, format_type(casttarget, NULL) AS target FROM pg_cast WHERE castsource < 16384 AND casttarget < 16384 AND castfunc NOT IN (SELECT oid FROM pg_proc WHERE proname = 'xml')
UNION SELECT type, target FROM parity.sample, unnest(ARRAY['varchar(2)', 'char(3)', 'name', 'int', 'numeric(6,1)', 'float8', 'date', 'time', 'timestamp(0)', 'timestamptz', 'interval', 'json', 'jsonb', 'uuid', 'inet', 'boolean', 'bytea', 'bit(8)']) target;

CREATE FUNCTION parity.generate_constructs(under_test regtype) RETURNS void LANGUAGE sql AS $$
    INSERT INTO parity.expression
    SELECT DISTINCT under_test, 'construct', CASE turn WHEN 1 THEN format(shape, own, other) ELSE format(shape, other, own) END, true,
           CASE WHEN other = '$1' THEN ARRAY[(SELECT literals[1] FROM parity.sample WHERE sample.type = under_test)] END
      FROM parity.construct, generate_series(1, 2) turn, LATERAL (SELECT '«' || parity.word(under_test) || '»') o(own),
           LATERAL (SELECT 'p_' || t.typname FROM pg_type t JOIN parity.sample ON sample.type = t.oid WHERE typcategory = (SELECT typcategory FROM pg_type WHERE oid = under_test)
                    UNION SELECT '«' || t.typname || '»' FROM pg_type t JOIN parity.shipped ON plain = t.oid WHERE typcategory = (SELECT typcategory FROM pg_type WHERE oid = under_test)
                    UNION SELECT quote_literal(literals[1]) FROM parity.sample WHERE sample.type = under_test
                    UNION SELECT unnest(ARRAY['NULL', '$1', '1', '1.5', '''x'''])) b(other)
     WHERE pairs
    UNION ALL
    SELECT under_test, 'construct', format(shape, '«' || parity.word(under_test) || '»'), shape !~ 'OVER|agg|WITHIN|count', NULL FROM parity.construct WHERE NOT pairs
    UNION ALL
    SELECT DISTINCT under_test, 'cast', format('«%s»::%s', parity.word(under_test), target), true, NULL::text[] FROM parity.target WHERE source = under_test $$;
