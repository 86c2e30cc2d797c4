-- What should be, written down by hand for every person of a schema, and what access() and forget() make of it.
-- A schema's file fills truth.expected; SELECT * FROM truth.differences('schema') is empty when all is exactly so.
CREATE SCHEMA truth;

-- For a person: rows of one relation (by primary key, its values joined by /), how access() shows them (owned or
-- accessed; null: not at all), which columns it withholds, and what forget() makes of them: delete, keep, or the columns
-- that change.
CREATE TABLE truth.expected (
    subject text, key text, relation text, rows text[], shown text, withheld text, fate text
);

CREATE VIEW truth.expected_row AS
    SELECT subject, key, relation, unnest(rows) AS id, shown, withheld, fate FROM truth.expected;

CREATE FUNCTION truth.key_columns(relation regclass) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
     WHERE i.indisprimary AND i.indrelid = relation
$$;

CREATE FUNCTION truth.key_of(relation regclass, data jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(data ->> c.name, '/' ORDER BY c.n)
      FROM unnest(truth.key_columns(relation)) WITH ORDINALITY AS c(name, n)
$$;

-- Every row of every table of the schema.
CREATE FUNCTION truth.snapshot(of_schema text) RETURNS TABLE (relation text, id text, data jsonb) LANGUAGE plpgsql AS $$
DECLARE
    each regclass;
BEGIN
    FOR each IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = of_schema::regnamespace AND c.relkind IN ('r', 'p')
                   AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
    LOOP
        RETURN QUERY EXECUTE format('SELECT %L, truth.key_of(%L, to_jsonb(t)), to_jsonb(t) FROM %s t', each, each, each);
    END LOOP;
END $$;

CREATE FUNCTION truth.check_access(of_subject text, of_key text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    SET LOCAL ROLE truth_officer;
    answer := gdpr.access(of_subject::regclass, of_key);
    RESET ROLE;
    RETURN QUERY
        WITH told AS (
            SELECT s.relation, truth.key_of(s.relation::regclass, e.value) AS id, part.shown,
                   (SELECT string_agg(v.key, ', ' ORDER BY v.key) FROM jsonb_each(e.value) v
                     WHERE v.value = 'null' AND s.stored -> v.key <> 'null') AS withheld
              FROM (VALUES ('owned', 'data'), ('accessed', 'accessed')) part(shown, member),
                   jsonb_each(answer -> part.member) r, jsonb_array_elements(r.value) e,
                   LATERAL (SELECT b.relation, b.data AS stored FROM before b
                             WHERE b.relation = r.key AND b.id = truth.key_of(r.key::regclass, e.value)) s
        ), counted AS (
            SELECT sum(jsonb_array_length(r.value)) AS rows
              FROM (VALUES ('data'), ('accessed')) part(member), jsonb_each(answer -> part.member) r
        ), expected AS (
            SELECT x.relation, x.id, x.shown, x.withheld FROM truth.expected_row x
             WHERE x.subject = of_subject AND x.key = of_key AND x.shown IS NOT NULL
        )
        SELECT format('access: %s %s %s, withheld %s, is not told', relation, id, shown, withheld)
          FROM (TABLE expected EXCEPT ALL SELECT * FROM told) a
        UNION ALL
        SELECT format('access: %s %s %s, withheld %s, is told', relation, id, shown, withheld)
          FROM (SELECT * FROM told EXCEPT ALL TABLE expected) b
        UNION ALL
        SELECT 'access: rows that do not exist, or not by their key' FROM counted WHERE rows <> (SELECT count(*) FROM told);
END $$;

CREATE FUNCTION truth.check_forget(of_schema text, of_subject text, of_key text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    dry text[];
    run text[];
    found text[];
BEGIN
    SET LOCAL ROLE truth_officer;
    dry := ARRAY(SELECT f::text FROM gdpr.forget(of_subject::regclass, of_key, 'truth', true) f);
    BEGIN
        SET LOCAL ROLE truth_officer;
        run := ARRAY(SELECT f::text FROM gdpr.forget(of_subject::regclass, of_key, 'truth') f);
        found := ARRAY(SELECT format('forget: %s: %s left after it', place, finding)
                         FROM gdpr.verify_forgotten(of_subject::regclass, of_key));
        RESET ROLE;
        found := found || ARRAY(
            WITH done AS (
                SELECT b.relation, b.id,
                       CASE WHEN a.data IS NULL THEN 'delete'
                            WHEN a.data = b.data THEN 'keep'
                            ELSE (SELECT string_agg(v.key, ', ' ORDER BY v.key) FROM jsonb_each(b.data) v
                                   WHERE v.value IS DISTINCT FROM a.data -> v.key) END AS fate
                  FROM before b LEFT JOIN truth.snapshot(of_schema) a USING (relation, id)
            ), expected AS (
                SELECT x.relation, x.id, x.fate FROM truth.expected_row x WHERE x.subject = of_subject AND x.key = of_key
            )
            SELECT format('forget: %s %s: %s instead of %s', relation, id, d.fate, coalesce(x.fate, 'keep'))
              FROM done d FULL JOIN expected x USING (relation, id)
             WHERE d.fate IS DISTINCT FROM coalesce(x.fate, 'keep'));
        IF dry <> run THEN
            found := found || format('forget: %s was announced, %s was done', dry, run);
        END IF;
        IF EXISTS (SELECT FROM truth.snapshot(of_schema) a LEFT JOIN before b USING (relation, id) WHERE b.id IS NULL) THEN
            found := found || 'forget: a row was made'::text;
        END IF;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'TRUTH';
    EXCEPTION WHEN SQLSTATE 'TRUTH' THEN
        NULL;
    END;
    RESET ROLE;
    RETURN QUERY SELECT unnest(found);
END $$;

-- For every person there is: what is not as expected.
CREATE FUNCTION truth.differences(of_schema text) RETURNS TABLE (person text, difference text) LANGUAGE plpgsql AS $$
DECLARE
    of_subject text;
    who text;
    wrong text;
    tried int := 0;
BEGIN
    CREATE TEMP TABLE before ON COMMIT DROP AS SELECT * FROM truth.snapshot(of_schema);
    CREATE INDEX ON before (relation, id);
    FOR of_subject IN SELECT DISTINCT m.subject_table::text FROM gdpr.data_map m WHERE m.kind = 'subject'
                      AND m.subject_table::text LIKE of_schema || '.%' ORDER BY 1
    LOOP
        FOR who IN SELECT id FROM before WHERE relation = of_subject ORDER BY 1
        LOOP
            tried := tried + 1;
            FOR wrong IN SELECT * FROM truth.check_access(of_subject, who)
               UNION ALL SELECT * FROM truth.check_forget(of_schema, of_subject, who)
            LOOP
                RETURN QUERY SELECT of_subject || ' ' || who, wrong;
            END LOOP;
        END LOOP;
        RETURN QUERY SELECT of_subject, 'nobody is expected' WHERE NOT EXISTS (SELECT FROM truth.expected x WHERE x.subject = of_subject);
    END LOOP;
    IF tried = 0 THEN
        RETURN QUERY SELECT of_schema, 'nobody was tried'::text;
    END IF;
END $$;
