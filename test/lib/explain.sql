-- EXPLAIN's lines as PostgreSQL 15 writes them: later versions add some, and decimals to counts of rows.
CREATE FUNCTION pg_temp.explain(statement text, options text = 'COSTS OFF') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    line text;
BEGIN
    FOR answer IN EXECUTE format('EXPLAIN (%s) %s', options, statement) LOOP
        FOREACH line IN ARRAY string_to_array(answer, E'\n') LOOP
            IF line !~ '^\s*["<]?(Disabled|Buffers|Index Searches|Planning\M)' THEN
                RETURN NEXT rtrim(regexp_replace(line, '(actual rows=\d+)\.00', '\1'));
            END IF;
        END LOOP;
    END LOOP;
END $$;
