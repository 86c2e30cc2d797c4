-- Gates: statistics, estimates, plans and defaults.
-- Each is tried without the gate, where it tells, and with it (hide, mask, deny), where it must not; on a plain column
-- and on an encrypted one.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/sql/gate/setup.sql'
\set down :srcdir '/sql/gate/down.sql'
\i :setup
\set ECHO all
SET ROLE ga_owner;
CREATE TABLE ga.many (n int, k int, email text, sealed gdpr.encrypted_text);
INSERT INTO ga.many SELECT g, g % 2, CASE WHEN g <= 900 THEN 'frequent' ELSE 'rare' || g END, CASE WHEN g <= 900 THEN 'frequent' ELSE 'rare' || g END FROM generate_series(1, 1000) g;
SECURITY LABEL FOR gdpr ON COLUMN ga.many.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.many.sealed IS 'personal';
GRANT SELECT ON ga.many TO ga_gated;
ANALYZE ga.many;
ANALYZE ga.t;
RESET ROLE;
CREATE FUNCTION ga.rows_of(statement text, what text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE CASE what WHEN 'Actual Rows' THEN 'EXPLAIN (ANALYZE, FORMAT JSON) ' ELSE 'EXPLAIN (FORMAT JSON) ' END || statement INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> what;
END $$;
-- Attack: pg_stats
SELECT * FROM ga.attack($a$SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 't' AND attname = '%c'$a$);
-- Attack: pg_stats through a function
SELECT * FROM ga.attack($a$SELECT array_to_string(array_agg(histogram_bounds::text), '') FROM pg_stats WHERE attname = '%c'$a$);
-- Attack: estimates in EXPLAIN
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE ga.rows_of($q$SELECT FROM ga.many WHERE %c = 'frequent'$q$, 'Plan Rows') BETWEEN 800 AND 1000$a$);
-- Attack: estimates of a range in EXPLAIN
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE ga.rows_of($q$SELECT FROM ga.many WHERE %c < 'g'$q$, 'Plan Rows') BETWEEN 800 AND 1000$a$);
-- Attack: estimates of groups in EXPLAIN
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE ga.rows_of($q$SELECT %c FROM ga.many GROUP BY %c$q$, 'Plan Rows') BETWEEN 90 AND 110$a$);
-- Attack: estimates of a join in EXPLAIN
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE ga.rows_of($q$SELECT FROM ga.many a JOIN ga.many b USING (%c)$q$, 'Plan Rows') > 700000$a$);
-- Attack: what EXPLAIN ANALYZE counts
SELECT * FROM ga.attack($a$SELECT 'hit' WHERE ga.rows_of($q$SELECT FROM ga.many WHERE %c = 'frequent'$q$, 'Actual Rows') = 900$a$);

-- EXPLAIN tells which columns were gated, and by which rule.
INSERT INTO gdpr.channel_role VALUES ('ga_gated', 'export');
INSERT INTO gdpr.gate_rule (class, channel, action) VALUES ('personal', 'export', 'mask'), ('sensitive', 'export', 'hide');
SET ROLE ga_gated;
EXPLAIN (COSTS OFF) SELECT email FROM ga.t WHERE sealed = 'x' AND email = 'y';
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT email FROM ga.t;
EXPLAIN (COSTS OFF) SELECT id FROM ga.t WHERE id = 1;
RESET ROLE;
EXPLAIN (COSTS OFF) SELECT email FROM ga.t WHERE id = 1;
\set ECHO none
\i :down
