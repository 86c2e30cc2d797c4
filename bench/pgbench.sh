#!/bin/sh
# What applications notice by the transaction: pgbench's transactions a second with encrypted columns, as a share of those
# with plain ones, and on tables without labels, as a share of those in a database without the extension.
#
#   bench/pgbench.sh [seconds]     on a private server of its own; how long each run takes (4)
#   PGHOST=... bench/pgbench.sh [seconds]     on a running server, as a superuser, in databases that it makes and drops
#
# Each number is the best of five runs by one client, one side and the other in turn.

GDPR_ROOT=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-4}
# shellcheck source=/dev/null
. "$GDPR_ROOT/test/lib/server.sh"
bench_server 'shared_buffers = 1GB' 'max_wal_size = 4GB' 'autovacuum = off' 'synchronous_commit = off' 'fsync = off'
createdb gdpr_bench && createdb gdpr_bench_without || exit 1
for database in gdpr_bench gdpr_bench_without; do pgbench -q -i -s 10 -d $database 2>/dev/null; done
psql -X -q -v ON_ERROR_STOP=1 -d gdpr_bench <<'END_OF_SQL' || exit 1
SET client_min_messages = warning;
CREATE EXTENSION gdpr CASCADE;
CREATE TABLE plain (id int, mail text UNIQUE, name text);
CREATE TABLE sealed (id int, mail text UNIQUE, name text);
CREATE TABLE audited (id int, mail text UNIQUE, name text);
INSERT INTO plain SELECT g, 'user' || g, 'name ' || g % 5000 FROM generate_series(1, 200000) g;
INSERT INTO sealed TABLE plain;
INSERT INTO audited TABLE plain;
SECURITY LABEL FOR gdpr ON TABLE sealed IS 'audit(off)';
SECURITY LABEL FOR gdpr ON COLUMN sealed.mail IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN sealed.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN audited.mail IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN audited.name IS 'personal, encrypted';
CALL gdpr.apply();
VACUUM ANALYZE plain, sealed, audited;
END_OF_SQL

scripts=$(mktemp -d)
for table in plain sealed audited; do
	echo "\\set g random(1, 200000)
SELECT id, name FROM $table WHERE mail = 'user' || :g;" >"$scripts/lookup.$table"
	echo "\\set g random(1, 200000)
INSERT INTO $table VALUES (:g, 'user' || :g, 'name') ON CONFLICT (mail) DO UPDATE SET name = excluded.name;" >"$scripts/upsert.$table"
done

# tps(database, protocol, pgbench's options ...): transactions a second
tps() {
	on=$1 protocol=$2
	shift 2
	pgbench -n -T "$seconds" -M "$protocol" "$@" "$on" 2>/dev/null | awk '/^tps/ { print $3 }'
}

# measure(what, target or -, protocol, database, options, other database, its options)
measure() {
	best_a=0 best_b=0
	for _ in 1 2 3 4 5; do
		# shellcheck disable=SC2086
		best_a=$(printf '%s\n' "$best_a" "$(tps "$4" "$3" $5)" | sort -g | tail -1)
		# shellcheck disable=SC2086
		best_b=$(printf '%s\n' "$best_b" "$(tps "$6" "$3" $7)" | sort -g | tail -1)
	done
	awk -v what="$1, $3" -v target="$2" -v a="$best_a" -v b="$best_b" 'BEGIN {
		r = b / a; printf " %-46s %9.0f %9.0f   %.3f   %s   %s\n", what, a, b, r, target, (target == "-" ? "" : r >= target ? "met" : "missed") }'
}

printf ' %-46s %9s %9s   %s   %s\n' what without with share target
for protocol in prepared simple; do
	measure 'look-up by an encrypted column' 0.9 $protocol gdpr_bench "-f $scripts/lookup.plain" gdpr_bench "-f $scripts/lookup.sealed"
	measure 'INSERT ... ON CONFLICT of an encrypted column' 0.8 $protocol gdpr_bench "-f $scripts/upsert.plain" gdpr_bench "-f $scripts/upsert.sealed"
	measure 'the same, each change in the audit log' - $protocol gdpr_bench "-f $scripts/upsert.plain" gdpr_bench "-f $scripts/upsert.audited"
	measure 'table without labels, pgbench -S' 0.99 $protocol gdpr_bench_without -S gdpr_bench -S
	measure 'table without labels, TPC-B' 0.99 $protocol gdpr_bench_without '' gdpr_bench ''
done
rm -rf "$scripts"
dropdb gdpr_bench_without
dropdb gdpr_bench
