#!/bin/sh
# What gates cost whom they do not concern: the same statements with rules and without, and on tables without labels with
# the library and without, as ratios of the time that the server's process was on a processor.
#
#   bench/gates.sh [statements] [rounds]     on a private server of its own
#   PGHOST=... bench/gates.sh [statements] [rounds]     on a running server of this machine, as a superuser, in databases that
#                                                        it makes and drops
#
# Each number is the best of many short rounds, both sides in turn within each: what else the machine does hits few of them.

GDPR_ROOT=$(cd "$(dirname "$0")/.." && pwd)
statements=${1:-5000}
rounds=${2:-15}
# shellcheck source=/dev/null
. "$GDPR_ROOT/test/lib/server.sh"
bench_server 'shared_buffers = 256MB' 'max_wal_size = 4GB' 'autovacuum = off' 'synchronous_commit = off' 'fsync = off'
createdb gdpr_bench && createdb gdpr_bench_without || exit 1
scripts=$(mktemp -d)
sql() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 -d gdpr_bench "$@"
}
sql -c 'CREATE ROLE gdpr_bench_app' -c 'CREATE ROLE gdpr_bench_tool'
for database in gdpr_bench gdpr_bench_without; do
	pgbench -q -i -s 1 $database >/dev/null 2>&1
	psql -X -q -d $database <<'END_OF_SQL'
CREATE TABLE free (id int PRIMARY KEY, kind int, note text);
INSERT INTO free SELECT g, g % 10, 'note ' || g FROM generate_series(1, 10000) g;
CREATE TABLE kind (id int PRIMARY KEY, name text);
INSERT INTO kind SELECT g, 'kind ' || g FROM generate_series(0, 9) g;
GRANT ALL ON ALL TABLES IN SCHEMA public TO gdpr_bench_app;
VACUUM ANALYZE;
END_OF_SQL
done
sql <<'END_OF_SQL' 2>/dev/null
CREATE EXTENSION gdpr CASCADE;
SECURITY LABEL FOR gdpr ON COLUMN pgbench_accounts.abalance IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN pgbench_accounts.filler IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN pgbench_tellers.filler IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN pgbench_history.filler IS 'personal';
SELECT gdpr.assign_channel('gdpr_bench_tool', 'export');
CALL gdpr.apply();
CREATE TABLE result (number serial, what text, target numeric, side text, time numeric);
END_OF_SQL

# script NAME FIRST: many statements, after a first one, from standard input, where %d is another number each time
script() {
	awk -v n="$statements" -v first="$2" '{ text = text $0 "\n" } END { if (first != "") print first; for (i = 1; i <= n; i++) { s = text; gsub(/%d/, (i * 7919) % 9973 + 1, s); printf "%s", s } }' >"$scripts/$1"
}
echo 'SELECT abalance FROM pgbench_accounts WHERE aid = %d;' | script select ''
# shellcheck disable=SC2016
echo 'EXECUTE s (%d);' | script select_prepared 'PREPARE s AS SELECT abalance FROM pgbench_accounts WHERE aid = $1;'
script tpcb '' <<'END_OF_SQL'
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + 7 WHERE aid = %d;
SELECT abalance FROM pgbench_accounts WHERE aid = %d;
UPDATE pgbench_tellers SET tbalance = tbalance + 7 WHERE tid = %d % 10 + 1;
UPDATE pgbench_branches SET bbalance = bbalance + 7 WHERE bid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (%d % 10 + 1, 1, %d, 7, CURRENT_TIMESTAMP);
END;
END_OF_SQL
echo 'SELECT note FROM free WHERE id = %d;' | script look_up ''
# shellcheck disable=SC2016
echo 'EXECUTE s (%d);' | script look_up_prepared 'PREPARE s AS SELECT note FROM free WHERE id = $1;'
echo 'SELECT f.note, k.name FROM free f JOIN kind k ON k.id = f.kind WHERE f.id = %d AND k.name IS NOT NULL ORDER BY f.note LIMIT 5;' | script join ''
echo 'SELECT k.name, count(*) FROM free f JOIN kind k ON k.id = f.kind WHERE f.id BETWEEN %d AND %d + 5 GROUP BY k.name HAVING count(*) > 0;' | script group ''
echo 'UPDATE free SET kind = 3 WHERE id = %d AND kind < 0;' | script update ''

# Sets the gates, or takes them away, and enforces that.
with_gates() {
	sql -c "SELECT gdpr.gate('personal', 'export', 'mask'), gdpr.gate('sensitive', 'export', 'hide')" -c 'CALL gdpr.apply()' >/dev/null 2>&1
}
without_gates() {
	sql -c "SELECT gdpr.gate('personal', 'export', NULL), gdpr.gate('sensitive', 'export', NULL)" -c 'CALL gdpr.apply()' >/dev/null 2>&1
}
# measure SIDE WHAT TARGET DATABASE SCRIPT
measure() {
	psql -X -q -A -t -d "$4" >"$scripts/out" <<-END_OF_SQL
		SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1) AS warm \gset
		SET SESSION AUTHORIZATION gdpr_bench_app;
		\o /dev/null
		\i $scripts/$5
		RESET SESSION AUTHORIZATION;
		SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1) AS began \gset
		SET SESSION AUTHORIZATION gdpr_bench_app;
		DEALLOCATE ALL;
		\i $scripts/$5
		RESET SESSION AUTHORIZATION;
		SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1) AS ended \gset
		\o
		SELECT :ended - :began;
	END_OF_SQL
	sql -c "INSERT INTO result (what, target, side, time) VALUES ('$2', $3, '$1', $(cat "$scripts/out")::numeric / $statements / 1000)"
}

round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	for side in before after; do
		if [ $side = before ]; then without_gates; else with_gates; fi
		measure $side 'labelled tables, pgbench -S' 0.97 gdpr_bench select
		measure $side 'labelled tables, pgbench -S prepared' 0.97 gdpr_bench select_prepared
		measure $side 'labelled tables, TPC-B' 0.97 gdpr_bench tpcb
	done
	for script in look_up look_up_prepared join group update; do
		measure before "no labels, $script" 0.99 gdpr_bench_without $script
		measure after "no labels, $script" 0.99 gdpr_bench $script
	done
done
psql -X -q -P footer=off -d gdpr_bench <<'END_OF_SQL'
SELECT what, round(before, 1) AS "us without", round(after, 1) AS "us with", round(before / after, 3) AS ratio, target,
       CASE WHEN round(before / after, 3) >= target THEN 'met' ELSE 'missed' END AS "target is"
  FROM (SELECT what, target, min(number) AS number, min(time) FILTER (WHERE side = 'before') AS before, min(time) FILTER (WHERE side = 'after') AS after
          FROM result GROUP BY what, target) best ORDER BY number;
END_OF_SQL
status=$?
rm -rf "$scripts"
dropdb gdpr_bench
dropdb gdpr_bench_without
psql -X -q -d postgres -c 'DROP ROLE gdpr_bench_app' -c 'DROP ROLE gdpr_bench_tool'
exit $status
