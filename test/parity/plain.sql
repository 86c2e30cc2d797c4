-- Expressions over plain types alone: to be run in a database with the extension and in one without, with the same
-- outcome. Every operator and function of pg_catalog, with every type that goes by itself to what it declares, and
-- with literals; and the constructs that look for a common type, on every pair of one category or of which one goes to the other.
CREATE TABLE parity.goes (source oid, target oid, PRIMARY KEY (source, target));
INSERT INTO parity.goes
SELECT castsource, casttarget FROM pg_cast WHERE castcontext = 'i' AND castsource < 16384 AND casttarget < 16384 AND castsource <> casttarget
    -- Objects' identities have functions without number; one of their types stands for all.
    AND casttarget <> 'oid'::regtype
UNION SELECT oid, oid FROM pg_type WHERE oid < 16384;

-- What may stand for a declared argument, and its expression.
CREATE TABLE parity.choice AS
SELECT target AS declared, 'p_' || parity.word(type) AS argument FROM parity.goes JOIN parity.sample ON type = source
UNION SELECT type, quote_literal(literals[1]) FROM parity.sample
UNION SELECT declared, argument
  FROM unnest(ARRAY['anyelement', 'anynonarray', 'anycompatible', '"any"', 'anycompatiblenonarray']::regtype[]) declared,
       unnest(ARRAY['p_int4', 'p_numeric', 'p_text', 'p_varchar', 'p_date', 'p_timestamp', 'p_jsonb', 'p_bpchar', '''x''']) argument
UNION SELECT declared, argument FROM unnest(ARRAY['anyarray', 'anycompatiblearray']::regtype[]) declared, unnest(ARRAY['p__int4', 'p__numeric', 'p__text', 'p__varchar', 'p__date', '''{}''']) argument
UNION SELECT 'anyrange'::regtype, argument FROM unnest(ARRAY['p_int4range', 'p_numrange', 'p_daterange', '''empty''']) argument;
CREATE INDEX ON parity.choice (declared);
ANALYZE parity.choice;

CREATE TABLE parity.plain_expression (template text);
INSERT INTO parity.plain_expression
SELECT DISTINCT format(shape, a.argument || coalesce(', ' || b.argument, ''), a.argument, '', '', b.argument)
  FROM parity.call JOIN parity.choice a ON a.declared = call.declared[1] LEFT JOIN parity.choice b ON b.declared = call.declared[2]
 WHERE cardinality(call.declared) <= 2 AND direct IS NOT DISTINCT FROM NULLIF(direct, 1) AND (cardinality(call.declared) = 1 OR b.declared IS NOT NULL)
UNION
SELECT DISTINCT format(shape, (SELECT string_agg(CASE WHEN k = place THEN a.argument WHEN literals IS NULL THEN 'NULL' WHEN form = 1 THEN 'p_' || parity.word(sample.type) ELSE quote_literal(literals[1]) END, ', ' ORDER BY k)
                                 FROM unnest(call.declared) WITH ORDINALITY d(oid, k) LEFT JOIN parity.sample ON sample.type = d.oid), a.argument)
  FROM parity.call, generate_series(1, cardinality(call.declared)) place, parity.choice a, generate_series(1, 2) form
 WHERE cardinality(call.declared) > 2 AND direct IS NOT DISTINCT FROM NULLIF(direct, 1) AND a.declared = call.declared[place];
INSERT INTO parity.plain_expression
SELECT format(shape, 'p_' || a.typname, 'p_' || b.typname)
  FROM pg_type a JOIN parity.sample sa ON sa.type = a.oid JOIN pg_type b ON b.typcategory = a.typcategory OR EXISTS (SELECT FROM parity.goes WHERE source IN (a.oid, b.oid) AND target IN (a.oid, b.oid) AND source <> target) JOIN parity.sample sb ON sb.type = b.oid,
       unnest(ARRAY['coalesce(%s, %s)', 'CASE WHEN id = 1 THEN %s ELSE %s END', 'ARRAY[%s, %s]', 'nullif(%s, %s)', 'greatest(%s, %s)', '%s IN (%s, NULL)', '%s = ANY (ARRAY[%s])',
                    '(SELECT x FROM (SELECT %1$s UNION ALL SELECT %2$s) u(x) LIMIT 1)', '(%s, 1) < (%s, 2)', '%1$s BETWEEN %2$s AND %2$s', '%s IS DISTINCT FROM %s']) shape
 WHERE a.typcategory NOT IN ('A', 'R', 'G', 'Z');
INSERT INTO parity.plain_expression
SELECT format('%s %s %s', a, operator, b)
  FROM unnest(ARRAY['1', '1.5', '2::int2', '3::int8', '1.5::float4', '1.5::float8', '''2''']) a, unnest(ARRAY['1', '1.5', '2::int2', '3::int8', '1.5::float4', '1.5::float8', '''2''']) b,
       unnest(ARRAY['+', '-', '*', '/', '%', '^', '=', '<', '<>', '>=', '||']) operator;
-- The age of a transaction differs from one moment to the next.
DELETE FROM parity.plain_expression WHERE template ~ 'age\((p_xid|''3'')\)';
CREATE TABLE parity.plain_outcome AS
SELECT template, parity.value(template, '') AS outcome FROM parity.plain_expression;
