#!/bin/sh
# How much time encrypted columns cost: the same work on a plain and on an encrypted table, as a ratio.
#
#   bench/encrypted.sh [rows]     on a private server of its own
#   PGHOST=... bench/encrypted.sh [rows]     on a running server, as a superuser, in a database that it makes and drops
#
# Four columns, three of them encrypted text. Each number is the best of five runs, plain and encrypted in turn.

GDPR_ROOT=$(cd "$(dirname "$0")/.." && pwd)
rows=${1:-500000}
# shellcheck source=/dev/null
. "$GDPR_ROOT/test/lib/server.sh"
bench_server 'shared_buffers = 1GB' 'max_wal_size = 4GB' 'autovacuum = off' 'synchronous_commit = off'
createdb gdpr_bench || exit 1
status=0
psql -X -q -v ON_ERROR_STOP=1 -v rows="$rows" -d gdpr_bench <<'END_OF_SQL' || status=$?
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION gdpr CASCADE;
SET max_parallel_workers_per_gather = 0;
SET max_parallel_maintenance_workers = 0;
SET work_mem = '128MB';
SET maintenance_work_mem = '256MB';
SET jit = off;
CREATE TABLE source AS SELECT g AS id, 'user' || md5(g::text) || '@example.it' AS mail, 'name ' || g % 5000 AS name,
    md5((g * 3)::text) || md5((g * 5)::text) AS note FROM generate_series(1, :rows) g;
CREATE TABLE plain (id int, mail text, name text, note text);
CREATE TABLE sealed (id int, mail gdpr.encrypted_text, name gdpr.encrypted_text, note gdpr.encrypted_text);
CREATE TABLE work_plain (LIKE plain);
CREATE TABLE work_sealed (LIKE sealed);
CREATE TABLE result (number serial, what text, target numeric, plain numeric, sealed numeric);
INSERT INTO plain SELECT * FROM source;
INSERT INTO sealed SELECT * FROM source;
VACUUM ANALYZE source, plain, sealed;
SELECT current_setting('data_directory') || '/gdpr_bench.copy' AS file \gset
COPY source TO :'file';
SELECT set_config('bench.file', :'file', false) \g /dev/null

-- Runs a statement (%s is the table's name) on both tables in turn; `before` is not timed.
CREATE PROCEDURE measure(what text, target numeric, statement text, before text DEFAULT 'SELECT') LANGUAGE plpgsql AS $$
DECLARE
    best numeric[] := '{1e9,1e9}';
    began timestamptz;
    name text;
BEGIN
    FOR round IN 1..5 LOOP
        FOR side IN 1..2 LOOP
            name := (ARRAY['plain', 'sealed'])[side];
            EXECUTE format(before, name);
            began := clock_timestamp();
            EXECUTE format(statement, name);
            best[side] := least(best[side], extract(epoch FROM clock_timestamp() - began) * 1000);
        END LOOP;
    END LOOP;
    INSERT INTO result (what, target, plain, sealed) VALUES (what, target, best[1], best[2]);
END $$;

CALL measure('INSERT ... SELECT', 2.0, 'INSERT INTO work_%s SELECT * FROM source', 'TRUNCATE work_%s');
-- The least that any function could take which makes as many bytes: what of the ratio above is not encryption.
CREATE VIEW source_plain AS SELECT * FROM source;
CREATE VIEW source_sealed AS SELECT id, textcat(mail, repeat('x', 33)) AS mail, textcat(name, repeat('x', 33)) AS name, textcat(note, repeat('x', 33)) AS note FROM source;
CALL measure('the same, of plain values 33 bytes longer', NULL, 'INSERT INTO work_plain SELECT * FROM source_%s', 'TRUNCATE work_plain');
CALL measure('COPY FROM', 2.0, format('COPY work_%%s FROM %L', current_setting('bench.file')), 'TRUNCATE work_%s');
CALL measure('COPY TO', NULL, 'COPY %s TO ''/dev/null''');
CALL measure('scan, nothing decrypted', 1.3, 'SELECT count(id) FROM %s');
CALL measure('scan, one column decrypted', 2.2, 'SELECT sum(length(mail)) FROM %s');
CALL measure('scan, = on every row', NULL, 'SELECT count(*) FROM %s WHERE name = ''name 7''');
CALL measure('scan, LIKE on every row', NULL, 'SELECT count(*) FROM %s WHERE mail LIKE ''%%7a%%''');
CALL measure('ORDER BY, distinct values', 2.5, 'SELECT mail FROM %s ORDER BY mail OFFSET 100000000');
CALL measure('ORDER BY, repeated values', 2.5, 'SELECT name FROM %s ORDER BY name OFFSET 100000000');
CALL measure('ORDER BY, two columns', NULL, 'SELECT id FROM %s ORDER BY name, mail OFFSET 100000000');
CALL measure('ORDER BY ... LIMIT', NULL, 'SELECT mail FROM %s ORDER BY mail LIMIT 10');
SET work_mem = '4MB';
CALL measure('ORDER BY on disk', NULL, 'SELECT mail FROM %s ORDER BY mail OFFSET 100000000');
SET work_mem = '128MB';
CALL measure('hash aggregate', 2.5, 'SELECT name, count(*) FROM %s GROUP BY name OFFSET 100000000');
CALL measure('hash join', 2.5, 'SELECT count(*) FROM %1$s a JOIN %1$s b ON a.mail = b.mail');
SET enable_hashjoin = off;
CALL measure('merge join', NULL, 'SELECT count(*) FROM %1$s a JOIN %1$s b ON a.mail = b.mail');
RESET enable_hashjoin;
CALL measure('ANALYZE', 3.0, 'ANALYZE %s');
CALL measure('btree build', 2.5, 'CREATE INDEX work_index ON %s (mail)', 'DROP INDEX IF EXISTS work_index');
SET maintenance_work_mem = '8MB';
CALL measure('btree build on disk', NULL, 'CREATE INDEX work_index ON %s (mail)', 'DROP INDEX IF EXISTS work_index');
DROP INDEX work_index;
CREATE INDEX ON plain (mail);
CREATE INDEX ON sealed (mail);
CALL measure('10,000 look-ups by index', NULL, 'SELECT count(*) FROM generate_series(1, 10000) g, LATERAL (SELECT id FROM %s WHERE mail = ''user'' || md5(g::text) || ''@example.it'' OFFSET 0) s');

-- What one value costs, beside the functions of pgcrypto; the scan under it is taken off.
CREATE TABLE value_cost (what text, target numeric, ns numeric);
CREATE PROCEDURE cost(what text, target numeric, most int, expression text) LANGUAGE plpgsql AS $$
DECLARE
    best numeric[] := '{1e9,1e9}';
    began timestamptz;
    values int;
BEGIN
    FOR round IN 1..5 LOOP
        FOR side IN 1..2 LOOP
            began := clock_timestamp();
            EXECUTE format('SELECT count(v) FROM (SELECT %s AS v FROM source LIMIT %s) s', (ARRAY['mail', expression])[side], most) INTO values;
            best[side] := least(best[side], extract(epoch FROM clock_timestamp() - began) * 1e9 / values);
        END LOOP;
    END LOOP;
    INSERT INTO value_cost VALUES (what, target, best[2] - best[1]);
END $$;
CALL cost('gdpr', NULL, 100000, 'mail::gdpr.encrypted_text');
CALL cost('pgcrypto encrypt_iv, AES', 5, 20000, 'public.encrypt_iv(convert_to(mail, ''UTF8''), ''0123456789abcdef'', public.gen_random_bytes(16), ''aes'')');
CALL cost('pgcrypto pgp_sym_encrypt', 300, 500, 'public.pgp_sym_encrypt(mail, ''a passphrase'')');

-- How long autovacuum takes for a table that has just been changed: until its statistics are there, since its worker began.
CREATE PROCEDURE await_autovacuum(name text) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
    ended timestamptz;
    changed timestamptz := (SELECT at FROM changed);
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT coalesce(max(xact_start), began) INTO began FROM pg_stat_activity WHERE datname = current_database() AND query = 'autovacuum: ANALYZE public.' || name;
        SELECT last_autoanalyze INTO ended FROM pg_stat_user_tables WHERE relid = name::regclass;
        EXIT WHEN ended > changed;
        PERFORM pg_sleep(0.002);
    END LOOP;
    INSERT INTO automatic VALUES (name, extract(epoch FROM ended - began) * 1000); -- null where it was over before it was seen
END $$;
CREATE TABLE changed (at timestamptz);
CREATE TABLE automatic (name text, ms numeric);
DROP TABLE work_plain, work_sealed;
VACUUM ANALYZE;
ALTER TABLE plain SET (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0);
ALTER TABLE sealed SET (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0);
END_OF_SQL

# Autovacuum itself, which nothing above is to meet.
on_server() { psql -X -q -v ON_ERROR_STOP=1 -d gdpr_bench "$@" >/dev/null; }
if [ $status = 0 ]; then
	on_server -c "ALTER SYSTEM SET autovacuum_naptime = '1s'" -c 'ALTER SYSTEM SET autovacuum_vacuum_cost_delay = 0' \
		-c 'ALTER SYSTEM SET autovacuum = on' -c 'SELECT pg_reload_conf()'
	for _ in 1 2 3 4 5; do
		for table in plain sealed; do
			on_server -c 'TRUNCATE changed; INSERT INTO changed VALUES (clock_timestamp())' \
				-c "UPDATE $table SET id = id WHERE ctid = (SELECT ctid FROM $table LIMIT 1); SELECT pg_stat_force_next_flush()" \
				-c "SET statement_timeout = '60s'" -c "CALL await_autovacuum('$table')" || status=1
		done
	done
	on_server -c 'ALTER SYSTEM RESET autovacuum_naptime' -c 'ALTER SYSTEM RESET autovacuum_vacuum_cost_delay' \
		-c 'ALTER SYSTEM RESET autovacuum' -c 'SELECT pg_reload_conf()'
fi

[ $status != 0 ] || psql -X -q -v ON_ERROR_STOP=1 -d gdpr_bench <<'END_OF_SQL' || status=$?
INSERT INTO result (what, target, plain, sealed)
SELECT 'ANALYZE by autovacuum', 3.0, min(ms) FILTER (WHERE name = 'plain'), min(ms) FILTER (WHERE name = 'sealed') FROM automatic;
\pset footer off
SELECT what, round(plain, 1) AS plain_ms, round(sealed, 1) AS encrypted_ms, round(sealed / plain, 2) AS ratio, target,
       CASE WHEN target IS NOT NULL THEN CASE WHEN round(sealed / plain, 2) <= target THEN 'met' ELSE 'missed' END ELSE '' END AS "target is" FROM result ORDER BY number;
SELECT pg_size_pretty(pg_table_size('plain')) AS plain_size, pg_size_pretty(pg_table_size('sealed')) AS encrypted_size,
       (SELECT max(pg_column_size(s.mail) - octet_length(p.mail) - 1) FROM (SELECT * FROM plain LIMIT 1000) p JOIN sealed s USING (id)) AS bytes_over_plaintext;
SELECT what, round(ns) AS ns_a_value, round(ns / first_value(ns) OVER (), 1) AS "times that of gdpr", target,
       CASE WHEN target IS NULL THEN '' WHEN ns / first_value(ns) OVER () >= target THEN 'met' ELSE 'missed' END AS "target is" FROM value_cost;
END_OF_SQL
dropdb gdpr_bench
exit $status
