#!/bin/sh
# What access and forget cost: against the size of the tables, against the size of the person, and against statements
# written by hand.
#
#   bench/rights.sh [rows]     on a private server of its own; rows of the large schema (5000000), the small one has 100000
#   PGHOST=... bench/rights.sh [rows]     on a running server, as a superuser, in a database that it makes and drops
#
# Times are the best of five, in ms: with plans kept from call to call, as in a session that forgets one after another, and
# with plans made anew. forget and the statements by hand run in a transaction that is rolled back; both fire the triggers
# of the protected tables. The statements by hand only change rows: no journal, no blocklist, no scrubbed audit log, no
# receipt, and nobody asks first whether other rows hang on them. Somebody is forgotten for good before: the first erasure
# of a database makes keys, and one that is rolled back would make them each time. Small people are erased one after
# another as well, each for good, by hand and by forget in turn, and what a tenth of them stays below is compared. Both
# then wait for the disk.

GDPR_ROOT=$(cd "$(dirname "$0")/.." && pwd)
rows=${1:-5000000}
# shellcheck source=/dev/null
. "$GDPR_ROOT/test/lib/server.sh"
bench_server 'shared_buffers = 1GB' 'max_wal_size = 8GB' 'autovacuum = off'
createdb gdpr_bench || exit 1
for schema in small large; do
	psql -X -q -v ON_ERROR_STOP=1 -v s=$schema -v rows="$([ $schema = small ] && echo 100000 || echo "$rows")" -d gdpr_bench <<'END_OF_SQL'
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS gdpr CASCADE;
CREATE SCHEMA :s;
SET search_path = :s;
CREATE TABLE person (id int PRIMARY KEY, email text, name text, boss int REFERENCES person);
CREATE TABLE purchase (id int PRIMARY KEY, person_id int NOT NULL, at date);
CREATE TABLE line (purchase_id int, no int, text text, PRIMARY KEY (purchase_id, no));
CREATE TABLE serial (id int PRIMARY KEY, purchase_id int, no int, number text);
CREATE TABLE message (id int PRIMARY KEY, sender int, recipient int, body text);
CREATE TABLE upload (id int PRIMARY KEY, kind text, target int, name text);
-- Persons 1 to 3 are large: of some 10, 1000 and 10000 rows; of the others each has 8 or so.
CREATE TEMP TABLE owner AS
    SELECT g AS id, CASE WHEN g <= 2 THEN 1 WHEN g <= 202 THEN 2 WHEN g <= 2202 THEN 3 ELSE 4 + g % (:rows / 8) END AS person
      FROM generate_series(1, :rows / 5) g;
INSERT INTO person SELECT g, 'p' || g || '@example.it', 'Name ' || g, NULL FROM generate_series(1, :rows / 8 + 4) g;
INSERT INTO purchase SELECT id, person, '2026-01-01' FROM owner;
INSERT INTO line SELECT id, 1, 'text ' || id FROM owner;
INSERT INTO serial SELECT id, id, 1, 'N' || id FROM owner;
INSERT INTO message SELECT id, CASE WHEN id % 4 > 0 THEN person ELSE 4 END, CASE WHEN id % 2 = 0 THEN person END, 'body ' || id FROM owner;
INSERT INTO upload SELECT id, CASE WHEN id % 2 = 0 THEN 'purchase' ELSE 'person' END, CASE WHEN id % 2 = 0 THEN id ELSE person END, 'file ' || id FROM owner;
CREATE INDEX ON person (email);
CREATE INDEX ON person (boss);
CREATE INDEX ON purchase (person_id);
CREATE INDEX ON serial (purchase_id, no);
CREATE INDEX ON message (sender);
CREATE INDEX ON message (recipient);
CREATE INDEX ON upload (target);
ALTER TABLE purchase ADD FOREIGN KEY (person_id) REFERENCES person;
ALTER TABLE line ADD FOREIGN KEY (purchase_id) REFERENCES purchase;
ALTER TABLE serial ADD FOREIGN KEY (purchase_id, no) REFERENCES line;
ALTER TABLE message ADD FOREIGN KEY (sender) REFERENCES person, ADD FOREIGN KEY (recipient) REFERENCES person;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN line.text IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE message IS 'owned(sender), owned(recipient)';
SECURITY LABEL FOR gdpr ON COLUMN message.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE upload IS 'owned(target -> person when kind = ''person''), owned(target -> purchase when kind = ''purchase'')';
SECURITY LABEL FOR gdpr ON COLUMN upload.name IS 'personal';
CALL gdpr.apply();
VACUUM ANALYZE;
END_OF_SQL
done
psql -X -q -v ON_ERROR_STOP=1 -d gdpr_bench <<'END_OF_SQL'
\set QUIET on
SET client_min_messages = error;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE result (what text, s text, person int, ms numeric, own bigint, warm boolean);

CREATE FUNCTION by_hand(s text, p int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I', s);
    DELETE FROM upload u USING purchase o WHERE o.person_id = p AND u.kind = 'purchase' AND u.target = o.id;
    DELETE FROM upload WHERE kind = 'person' AND target = p;
    DELETE FROM serial n USING purchase o WHERE o.person_id = p AND n.purchase_id = o.id;
    DELETE FROM line l USING purchase o WHERE o.person_id = p AND l.purchase_id = o.id;
    DELETE FROM purchase WHERE person_id = p;
    DELETE FROM message WHERE sender = p AND (recipient = p OR recipient IS NULL) OR recipient = p AND sender IS NULL;
    UPDATE message SET sender = NULL WHERE sender = p;
    UPDATE message SET recipient = NULL WHERE recipient = p;
    UPDATE person SET boss = NULL WHERE boss = p;
    DELETE FROM person WHERE id = p;
END $$;

CREATE FUNCTION access_by_hand(s text, p int) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I', s);
    RETURN jsonb_build_object(
        'person', (SELECT jsonb_agg(to_jsonb(t) ORDER BY id) FROM person t WHERE id = p),
        'purchase', (SELECT jsonb_agg(to_jsonb(t) ORDER BY id) FROM purchase t WHERE person_id = p),
        'line', (SELECT jsonb_agg(to_jsonb(t) ORDER BY purchase_id, no) FROM line t JOIN purchase o ON o.id = purchase_id WHERE person_id = p),
        'serial', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id) FROM serial t JOIN purchase o ON o.id = purchase_id WHERE person_id = p),
        'message', (SELECT jsonb_agg(to_jsonb(t) ORDER BY id) FROM message t WHERE sender = p OR recipient = p),
        'upload', (SELECT jsonb_agg(to_jsonb(t) ORDER BY id) FROM upload t WHERE kind = 'person' AND target = p
                      OR kind = 'purchase' AND target IN (SELECT id FROM purchase WHERE person_id = p)));
END $$;

CREATE PROCEDURE in_turn(of text, first int, one text, other text) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
BEGIN
    FOR i IN 0..199 LOOP
        began := clock_timestamp();
        EXECUTE format(one, first + i);
        COMMIT;
        INSERT INTO turn VALUES (of, extract(epoch FROM clock_timestamp() - began) * 1000, NULL);
        COMMIT;
        began := clock_timestamp();
        EXECUTE format(other, first + 1000 + i);
        COMMIT;
        INSERT INTO turn VALUES (of, NULL, extract(epoch FROM clock_timestamp() - began) * 1000);
        COMMIT;
    END LOOP;
END $$;
CREATE TABLE turn (of text, hand numeric, gdpr numeric);

CREATE PROCEDURE measure(what text, s text, p int, warm boolean, statement text) LANGUAGE plpgsql AS $$
DECLARE
    best numeric := 1e9;
    began timestamptz;
BEGIN
    FOR round IN 1..5 LOOP
        BEGIN
            IF NOT warm THEN
                DISCARD PLANS;
            END IF;
            began := clock_timestamp();
            EXECUTE format(statement, s, p);
            RAISE EXCEPTION 'undo' USING ERRCODE = 'UNDOX';
        EXCEPTION WHEN SQLSTATE 'UNDOX' THEN
            best := least(best, extract(epoch FROM clock_timestamp() - began) * 1000);
        END;
    END LOOP;
    INSERT INTO result VALUES (what, s, p, best, NULL, warm);
END $$;

SELECT count(*) AS forgotten FROM unnest('{small,large}'::text[]) s, gdpr.forget(format('%I.person', s)::regclass, '4999', 'bench') \gset
SELECT format('CALL measure(%L, %L, %s, %L, %L)', what, s, p, warm, statement)
  FROM (VALUES ('by hand', 'SELECT by_hand(%L, %s)'), ('access', 'SELECT gdpr.access(format(''%%I.person'', %1$L)::regclass, %2$L)'),
               ('forget', 'SELECT count(*) FROM gdpr.forget(format(''%%I.person'', %1$L)::regclass, %2$L, ''bench'')')) w(what, statement),
       unnest('{small,large}'::text[]) s, generate_series(1, 3) p, unnest('{false,true}'::boolean[]) warm \gexec
CALL in_turn('access', 5000, 'SELECT access_by_hand(''small'', %s)', 'SELECT gdpr.access(''small.person'', ''%s'')');
CALL in_turn('forget', 5000, 'SELECT by_hand(''small'', %s)', 'SELECT count(*) FROM gdpr.forget(''small.person'', ''%s'', ''bench'')');
-- As a script has them, which plans each statement that it sends.
CALL in_turn('forget, planned each time by hand', 7000, 'SELECT set_config(''plan_cache_mode'', ''force_custom_plan'', true), by_hand(''small'', %s)',
             'SELECT count(*) FROM gdpr.forget(''small.person'', ''%s'', ''bench'')');
UPDATE result SET own = CASE person WHEN 1 THEN 10 WHEN 2 THEN 1000 ELSE 10000 END;

\pset footer off
SELECT what, CASE WHEN warm THEN 'kept' ELSE 'made anew' END AS plans, own AS "about rows",
       round(max(ms) FILTER (WHERE s = 'small'), 1) AS small, round(max(ms) FILTER (WHERE s = 'large'), 1) AS large,
       round(max(ms) FILTER (WHERE s = 'large') / max(ms) FILTER (WHERE s = 'small'), 2) AS "large / small"
  FROM result GROUP BY what, warm, own ORDER BY what, warm, own;
SELECT own AS "about rows", s AS schema, CASE WHEN warm THEN 'kept' ELSE 'made anew' END AS plans,
       round(max(ms) FILTER (WHERE what = 'forget') / max(ms) FILTER (WHERE what = 'by hand'), 2) AS "forget / by hand"
  FROM result GROUP BY own, s, warm ORDER BY own, s, warm;
SELECT of AS "one after another, about 8 rows", round(by_hand::numeric, 2) AS "by hand", round(gdpr::numeric, 2) AS gdpr, round((gdpr / by_hand)::numeric, 2) AS ratio, 2 AS target
  FROM (SELECT of, percentile_cont(0.1) WITHIN GROUP (ORDER BY hand) AS by_hand, percentile_cont(0.1) WITHIN GROUP (ORDER BY gdpr) AS gdpr FROM turn GROUP BY of) t ORDER BY of;
END_OF_SQL
psql -X -q -d postgres -c 'DROP DATABASE gdpr_bench'
