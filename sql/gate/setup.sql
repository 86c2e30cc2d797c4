-- What the suites of attacks on gates share: a table with a plain and an encrypted column, a role in a gated channel
-- that owns it and one that does not, and ga.attack(), which tries an attack without the gate and then with it.
SET client_min_messages = warning;
CREATE SCHEMA ga;
CREATE ROLE ga_owner;
CREATE ROLE ga_gated;
CREATE ROLE ga_free;
GRANT ALL ON SCHEMA ga TO ga_owner, ga_free;
GRANT USAGE, CREATE ON SCHEMA ga TO ga_gated;
SET ROLE ga_owner;
CREATE TABLE ga.t (id int PRIMARY KEY, tenant int, n int DEFAULT 0, email text, sealed gdpr.encrypted_text, UNIQUE (email, tenant), UNIQUE (sealed, tenant));
INSERT INTO ga.t SELECT g, 1, g, 'secret' || g || '@example.it', 'secret' || g || '@example.it' FROM generate_series(1, 20) g;
SECURITY LABEL FOR gdpr ON COLUMN ga.t.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.t.sealed IS 'sensitive';
CREATE TABLE ga.other (id int, note text);
INSERT INTO ga.other VALUES (1, 'x');
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, REFERENCES ON ga.t, ga.other TO ga_gated, ga_free;
RESET ROLE;
ANALYZE ga.t;

-- A function that tells what it is called with: an error survives where what it would write is undone.
CREATE FUNCTION ga.leak(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
    RAISE EXCEPTION 'heard %', value;
END $$;
GRANT EXECUTE ON FUNCTION ga.leak(text) TO PUBLIC;

-- Runs the statements as a role: what they return and say in errors. Leaves nothing behind.
CREATE FUNCTION ga.told_by(role name, statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    each record;
    told text := '';
    message text;
    detail text;
BEGIN
    BEGIN
        PERFORM set_config('role', role, true);
        FOREACH statement IN ARRAY statements LOOP
            IF statement ~* '^(select|with|explain|fetch|table|values|execute)|returning' THEN
                FOR each IN EXECUTE statement LOOP
                    told := told || ' ' || each::text;
                END LOOP;
            ELSE
                EXECUTE statement;
            END IF;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'GA000', MESSAGE = 'undone';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
        told := told || ' [' || message || ' ' || coalesce(detail, '') || ']';
    END;
    RETURN told;
END $$;

-- %c in the statements is the column. The attack must tell of the secret, or return a hit (or divide by zero), without the gate and must not
-- with any action. What it says with the gate is shown where it is asked for.
CREATE FUNCTION ga.attack(VARIADIC statements text[]) RETURNS TABLE (gated name, without_gate boolean, with_gate boolean) LANGUAGE plpgsql AS $$
DECLARE
    mine text[];
    role name := 'ga_gated';
    action text;
BEGIN
    FOREACH gated IN ARRAY ARRAY['email', 'sealed'] LOOP
        mine := ARRAY(SELECT replace(s, '%c', gated) FROM unnest(statements) s);
        IF mine[1] LIKE 'as %' THEN
            role := substr(mine[1], 4);
            mine := mine[2:];
        END IF;
        without_gate := ga.told_by(role, mine) ~* 'secret|hit|division by zero';
        with_gate := false;
        INSERT INTO gdpr.channel_role VALUES ('ga_gated', 'export');
        FOREACH action IN ARRAY ARRAY['hide', 'mask', 'deny'] LOOP
            DELETE FROM gdpr.gate_rule;
            INSERT INTO gdpr.gate_rule (class, channel, action) VALUES ('personal', 'export', action);
            with_gate := with_gate OR ga.told_by(role, mine) ~* 'secret|hit|division by zero';
            IF current_setting('ga.show', true) = 'on' THEN
                RAISE WARNING '%', ga.told_by(role, mine);
            END IF;
        END LOOP;
        DELETE FROM gdpr.gate_rule;
        DELETE FROM gdpr.channel_role;
        RETURN NEXT;
    END LOOP;
END $$;
