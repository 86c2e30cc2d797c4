#!/bin/sh
# What the policy of restriction costs: the same queries on tables without it and on tables with it, while one person in
# a hundred is restricted, as a ratio.
#
#   bench/restriction.sh [people] [seconds]     on a private server of its own; 1000000 people, 2 seconds a run of pgbench
#   PGHOST=... bench/restriction.sh [people] [seconds]     on a running server, as a superuser, in a database that it makes and drops
#
# Tables: people; one hop down, what names them; two hops down, what names that; each with a twin that no label reaches.
# Scans are timed in one session, each the best of nine, in turn with its twin. Point lookups are pgbench's over a Unix
# socket, round trip and protocol included, by primary key: prepared, and planned each time; the best of nine, in turn.

GDPR_ROOT=$(cd "$(dirname "$0")/.." && pwd)
people=${1:-1000000}
seconds=${2:-2}
# shellcheck source=/dev/null
. "$GDPR_ROOT/test/lib/server.sh"
bench_server 'shared_buffers = 1GB' 'max_wal_size = 4GB' 'autovacuum = off' 'synchronous_commit = off' 'fsync = off'
createdb gdpr_bench || exit 1
work=$(mktemp -d)
psql -X -q -v ON_ERROR_STOP=1 -v people="$people" -d gdpr_bench <<'END_OF_SQL'
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION gdpr CASCADE;
CREATE ROLE bench_app LOGIN;
CREATE TABLE person (id int PRIMARY KEY, name text, email text);
CREATE TABLE purchase (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person, note text);
CREATE TABLE line (id int PRIMARY KEY, purchase_id int NOT NULL REFERENCES purchase, note text);
INSERT INTO person SELECT g, 'name ' || g % 5000, 'user' || g || '@example.it' FROM generate_series(1, :people) g;
INSERT INTO purchase SELECT g, 1 + (g * 7::bigint) % :people, 'note ' || g FROM generate_series(1, :people) g;
INSERT INTO line SELECT g, 1 + (g * 13::bigint) % :people, 'note ' || g FROM generate_series(1, :people) g;
CREATE INDEX ON purchase (person_id);
CREATE INDEX ON line (purchase_id);
CREATE TABLE plain_person (LIKE person INCLUDING INDEXES);
CREATE TABLE plain_purchase (LIKE purchase INCLUDING INDEXES);
CREATE TABLE plain_line (LIKE line INCLUDING INDEXES);
INSERT INTO plain_person SELECT * FROM person;
INSERT INTO plain_purchase SELECT * FROM purchase;
INSERT INTO plain_line SELECT * FROM line;
GRANT SELECT ON person, purchase, line, plain_person, plain_purchase, plain_line TO bench_app;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
CALL gdpr.apply();
INSERT INTO gdpr.restriction (subject_table, key, kind, reason) SELECT 'person', g * 100, 'request', 'bench' FROM generate_series(1, :people / 100) g;
VACUUM ANALYZE;

CREATE TABLE result (number serial, what text, of text, target numeric, plain numeric, policy numeric);
CREATE TABLE estimate (number serial, of text, estimated numeric, rows numeric);
GRANT ALL ON result, estimate, result_number_seq, estimate_number_seq TO bench_app;

CREATE PROCEDURE measure(what text, statement text, of text, target numeric DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    best numeric[] := '{1e9,1e9}';
    began timestamptz;
BEGIN
    FOR round IN 1..9 LOOP
        FOR side IN 1..2 LOOP
            began := clock_timestamp();
            EXECUTE format(statement, (ARRAY['plain_', ''])[side] || of);
            best[side] := least(best[side], extract(epoch FROM clock_timestamp() - began) * 1000);
        END LOOP;
    END LOOP;
    INSERT INTO result (what, of, target, plain, policy) VALUES (what, of, target, best[1], best[2]);
END $$;

CREATE PROCEDURE guess(of text) LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    counted numeric;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) SELECT * FROM ' || of INTO plan;
    EXECUTE 'SELECT count(*) FROM ' || of INTO counted;
    INSERT INTO estimate (of, estimated, rows) VALUES (of, (plan->0->'Plan'->>'Plan Rows')::numeric, counted);
END $$;
END_OF_SQL
psql -X -q -v ON_ERROR_STOP=1 -U bench_app -d gdpr_bench <<'END_OF_SQL'
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CALL measure('scan: count(*)', 'SELECT count(*) FROM %s', 'person', 1.3);
CALL measure('scan: count(*)', 'SELECT count(*) FROM %s', 'purchase');
CALL measure('scan: count(*)', 'SELECT count(*) FROM %s', 'line');
CALL measure('scan: rows out', 'SELECT * FROM %s OFFSET 100000000', 'person', 1.3);
CALL measure('scan: one column used', 'SELECT sum(length(note)) FROM %s', 'purchase');
CALL measure('scan: one column used', 'SELECT sum(length(note)) FROM %s', 'line');
CALL guess('person');
CALL guess('purchase');
CALL guess('line');
END_OF_SQL

# Latency of one lookup, in microseconds: mode, table.
lookup() {
	# Away from the restricted ones, so that both sides return the row.
	printf '\\set k 100 * random(1, %s / 100 - 1) + 1\nSELECT * FROM %s WHERE id = :k;\n' "$people" "$2" >"$work/lookup.sql"
	pgbench -n -M "$1" -T "$seconds" -f "$work/lookup.sql" -U bench_app gdpr_bench 2>/dev/null |
		awk '/^tps/ { print 1000000 / $3; exit }'
}
for mode in prepared extended; do
	for table in person purchase line; do
		plain=999999 policy=999999
		for _ in 1 2 3 4 5 6 7 8 9; do
			plain=$(printf '%s\n%s\n' "$plain" "$(lookup $mode plain_$table)" | sort -g | head -n 1)
			policy=$(printf '%s\n%s\n' "$policy" "$(lookup $mode $table)" | sort -g | head -n 1)
		done
		target=NULL
		[ "$mode$table" = preparedperson ] && target=1.05
		psql -X -q -d gdpr_bench -c "INSERT INTO result (what, of, target, plain, policy) VALUES ('lookup: $mode', '$table', $target, $plain / 1000, $policy / 1000)"
	done
done
psql -X -q -d gdpr_bench <<'END_OF_SQL'
\pset footer off
SELECT what, of, round(plain, 3) AS plain_ms, round(policy, 3) AS policy_ms, round(policy / plain, 2) AS ratio, target,
       CASE WHEN target IS NOT NULL THEN CASE WHEN round(policy / plain, 2) <= target THEN 'met' ELSE 'missed' END ELSE '' END AS "target is" FROM result ORDER BY number;
SELECT of, estimated, rows, round(estimated / rows, 2) AS ratio, CASE WHEN estimated / rows BETWEEN 0.5 AND 2 THEN 'met' ELSE 'missed' END AS "target, 2, is" FROM estimate ORDER BY number;
END_OF_SQL
rm -rf "$work"
dropdb gdpr_bench
psql -X -q -d postgres -c 'DROP ROLE bench_app'
