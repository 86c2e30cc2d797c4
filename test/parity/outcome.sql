-- What an expression gives on plain and on encrypted columns. A template names the column under test as «type»: that is
-- p_type on the plain side and e_type on the other.

-- Encrypted types name themselves in pg_typeof and in messages: read as the plain ones.
CREATE TABLE parity.shipped (plain regtype PRIMARY KEY, encrypted regtype NOT NULL);
CREATE FUNCTION parity.as_plain(said text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    pair record;
BEGIN
    IF said LIKE '%gdpr.%' THEN
        FOR pair IN SELECT * FROM parity.shipped ORDER BY length(encrypted::text) DESC LOOP
            said := replace(said, pair.encrypted::text, pair.plain::text);
        END LOOP;
    END IF;
    RETURN replace(said, '"v.e_', '"v.p_');
END $$;

-- A function that compares tells by the sign of its result alone.
CREATE FUNCTION parity.told(expression text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN expression ~ '^pg_catalog\.\w*cmp\(' THEN format('sign(%s)', expression) ELSE expression END $$;

-- The type and value of an expression in every row that the condition leaves; or the error.
CREATE FUNCTION parity.value(expression text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(concat(pg_typeof(x), %L, format(%L, x)), %L) FROM (SELECT %s AS x FROM parity.v %s LIMIT 30) s',
                   ' ', '%s', E'\n', parity.told(expression), condition) INTO result;
    RETURN 'ok ' || coalesce(parity.as_plain(result), '');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || parity.as_plain(SQLERRM);
END $$;

-- The same with parameters of types that the server infers, which become part of the outcome.
CREATE FUNCTION parity.value_with_parameters(expression text, parameters text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    types text;
BEGIN
    BEGIN
        EXECUTE format('PREPARE parity_statement AS SELECT string_agg(concat(pg_typeof(x), %L, format(%L, x)), %L) FROM (SELECT %s AS x FROM parity.v LIMIT 30) s',
                       ' ', '%s', E'\n', parity.told(expression));
        SELECT parameter_types::text INTO types FROM pg_prepared_statements WHERE name = 'parity_statement';
        EXECUTE format('EXECUTE parity_statement(%s)', (SELECT string_agg(quote_nullable(p), ', ') FROM unnest(parameters) p)) INTO result;
        result := 'ok ' || types || ' ' || coalesce(parity.as_plain(result), '');
    EXCEPTION WHEN OTHERS THEN
        result := SQLSTATE || ' ' || parity.as_plain(SQLERRM);
    END;
    DEALLOCATE ALL;
    RETURN result;
END $$;

CREATE TABLE parity.difference (type regtype, kind text, template text, plain text, sealed text);
CREATE TABLE parity.tried (type regtype, kind text, same bigint, loud bigint, silent bigint);

-- Tries a template on both sides. Where rows fail, it is tried row by row, so that one error does not hide the others.
CREATE FUNCTION parity.compare(template text, by_row boolean, parameters text[] = NULL, OUT plain text, OUT sealed text) LANGUAGE plpgsql AS $$
DECLARE
    of_plain text := translate(replace(template, '«', 'p_'), '»', '');
    of_sealed text := translate(replace(template, '«', 'e_'), '»', '');
    row_number int;
BEGIN
    IF parameters IS NOT NULL THEN
        plain := parity.value_with_parameters(of_plain, parameters);
        sealed := parity.value_with_parameters(of_sealed, parameters);
        RETURN;
    END IF;
    plain := parity.value(of_plain, '');
    sealed := parity.value(of_sealed, '');
    IF by_row AND plain NOT LIKE 'ok%' AND plain NOT LIKE '42%' THEN
        FOR row_number IN 1 .. 4 LOOP
            EXIT WHEN plain <> sealed;
            plain := parity.value(of_plain, 'WHERE id = ' || row_number);
            sealed := parity.value(of_sealed, 'WHERE id = ' || row_number);
        END LOOP;
    END IF;
END $$;

-- A difference is loud where the encrypted side fails; anything else is silent.
CREATE FUNCTION parity.verdict(plain text, sealed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN plain = sealed THEN 'same' WHEN sealed NOT LIKE 'ok %' THEN 'loud' ELSE 'silent' END $$;
