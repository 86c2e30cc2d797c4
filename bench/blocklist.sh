#!/bin/sh
# What the blocklist costs those who store people: rows a second by one session, while it holds nobody and while it holds
# a million.
#
#   bench/blocklist.sh [entries] [rows]     on a private server of its own; 1000000 entries, 20000 rows a run
#   PGHOST=... bench/blocklist.sh [entries] [rows]     on a running server, as a superuser, in a database that it makes and drops
#
# The table has a trigger for the blocklist and no other of ours; beside it stands one that no label reaches. Each number
# is the best of five runs, in turn; one statement stores many rows, or each row is a statement of its own.

GDPR_ROOT=$(cd "$(dirname "$0")/.." && pwd)
entries=${1:-1000000}
rows=${2:-20000}
# shellcheck source=/dev/null
. "$GDPR_ROOT/test/lib/server.sh"
bench_server 'shared_buffers = 512MB' 'max_wal_size = 4GB' 'autovacuum = off' 'synchronous_commit = off' 'fsync = off'
createdb gdpr_bench || exit 1
psql -X -q -v ON_ERROR_STOP=1 -v entries="$entries" -v rows="$rows" -d gdpr_bench <<'END_OF_SQL'
SET client_min_messages = error;
CREATE EXTENSION gdpr CASCADE;
CREATE TABLE person (id int PRIMARY KEY, email text);
CREATE TABLE plain_person (id int PRIMARY KEY, email text);
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier';
CALL gdpr.apply();
ALTER TABLE person DISABLE TRIGGER gdpr_audit, DISABLE TRIGGER gdpr_provenance;
-- One who was forgotten says how entries look.
INSERT INTO person VALUES (0, 'gone@example.it');
SELECT FROM gdpr.forget('person', '0', 'bench') \g /dev/null
CREATE TABLE result (what text, side text, rate numeric);

CREATE PROCEDURE measure(side text, rows int) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
    of text;
BEGIN
    FOR round IN 1..5 LOOP
        FOREACH of IN ARRAY '{plain_person,person}'::text[] LOOP
            EXECUTE format('TRUNCATE %I', of);
            began := clock_timestamp();
            EXECUTE format('INSERT INTO %I SELECT g, ''user'' || g || ''@example.it'' FROM generate_series(1, $1) g', of) USING rows;
            INSERT INTO result VALUES ('many rows a statement', CASE of WHEN 'person' THEN side ELSE 'no label' END, rows / extract(epoch FROM clock_timestamp() - began));
            EXECUTE format('TRUNCATE %I', of);
            began := clock_timestamp();
            FOR each IN 1..rows LOOP
                EXECUTE format('INSERT INTO %I VALUES ($1, $2)', of) USING each, 'user' || each || '@example.it';
            END LOOP;
            INSERT INTO result VALUES ('one row a statement', CASE of WHEN 'person' THEN side ELSE 'no label' END, rows / extract(epoch FROM clock_timestamp() - began));
        END LOOP;
    END LOOP;
END $$;
CALL measure('nobody', :rows);
INSERT INTO gdpr.blocklist (hash, kind, normaliser, key_id, ground)
SELECT sha256(g::text::bytea), kind, normaliser, key_id, ground FROM gdpr.blocklist, generate_series(1, :entries) g;
ANALYZE gdpr.blocklist;
CALL measure('a million', :rows);
\pset footer off
\pset tuples_only off
SELECT what, round(max(rate) FILTER (WHERE side = 'no label')) AS "rows a second, no label", round(max(rate) FILTER (WHERE side = 'nobody')) AS "nobody blocked",
       round(max(rate) FILTER (WHERE side = 'a million')) AS "a million blocked",
       CASE WHEN max(rate) FILTER (WHERE side = 'a million') >= 5000 THEN 'met' ELSE 'missed' END AS "5000 a second"
  FROM result GROUP BY what ORDER BY what;
END_OF_SQL
[ -n "${GDPR_TMP:-}" ] || dropdb gdpr_bench
