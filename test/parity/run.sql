-- Fills parity.v and tries all expressions of one type: psql -v type=…
CREATE FUNCTION parity.fill() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
BEGIN
    -- Without the extension there is only the plain side.
    INSERT INTO parity.shipped
    SELECT prorettype, proargtypes[0] FROM pg_proc WHERE pronamespace = to_regnamespace('gdpr') AND proname = 'decrypt';
    FOR each IN SELECT type, parity.word(type) AS word, encrypted FROM parity.sample LEFT JOIN parity.shipped ON plain = type LOOP
        EXECUTE format('ALTER TABLE parity.v ADD %I pg_catalog.%I', 'p_' || each.word, each.word);
        IF each.encrypted IS NOT NULL THEN
            EXECUTE format('ALTER TABLE parity.v ADD %I %s', 'e_' || each.word, each.encrypted);
        END IF;
    END LOOP;
    INSERT INTO parity.v SELECT generate_series(1, 4);
    FOR each IN SELECT type, literals, parity.word(type) AS word, encrypted FROM parity.sample LEFT JOIN parity.shipped ON plain = type LOOP
        EXECUTE format('UPDATE parity.v SET %I = ($1::text[])[id]::%s', 'p_' || each.word, each.type) USING each.literals;
        IF each.encrypted IS NOT NULL THEN
            EXECUTE format('UPDATE parity.v SET %I = %I', 'e_' || each.word, 'p_' || each.word);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION parity.try_all(regtype) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
    outcome record;
    verdict text;
BEGIN
    FOR each IN SELECT * FROM parity.expression WHERE type = $1 LOOP
        outcome := parity.compare(each.template, each.by_row, each.parameters);
        verdict := parity.verdict(outcome.plain, outcome.sealed);
        INSERT INTO parity.tried VALUES ($1, each.kind, (verdict = 'same')::int, (verdict = 'loud')::int, (verdict = 'silent')::int);
        IF verdict <> 'same' THEN
            INSERT INTO parity.difference VALUES ($1, each.kind, each.template, outcome.plain, outcome.sealed);
        END IF;
    END LOOP;
END $$;

-- How a difference is listed: the function or operator, and whether it is about an array of the type.
CREATE FUNCTION parity.subject(template text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN template ~ 'OPERATOR\(' THEN 'operator ' || substring(template FROM 'OPERATOR\(pg_catalog\.(.*?)\)') WHEN template ~ '^pg_catalog' THEN substring(template FROM '^pg_catalog\."?(\w+)') || '()'
                ELSE regexp_replace(regexp_replace(template, '«\w+»', '«»', 'g'), 'p_\w+', 'p', 'g') END
           || CASE WHEN template ~ 'ARRAY\[«' AND template ~ 'pg_catalog' THEN ' with an array' ELSE '' END $$;
