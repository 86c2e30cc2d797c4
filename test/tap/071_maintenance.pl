# What keeps tables and indexes in order works on encrypted columns: autovacuum's ANALYZE (in a process that loads no session
# library), concurrent and parallel builds, REINDEX, CLUSTER, VACUUM FULL; and amcheck finds every index sound throughout.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('maintenance');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
fsync = off
autovacuum_naptime = 1s
autovacuum_analyze_threshold = 10
autovacuum_analyze_scale_factor = 0
autovacuum_vacuum_threshold = 10
autovacuum_vacuum_scale_factor = 0
min_parallel_table_scan_size = 0
log_autovacuum_min_duration = 0
END
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr CASCADE; CREATE EXTENSION amcheck;');
$node->safe_psql('crm', q{
	CREATE TABLE person (id int PRIMARY KEY, name text COLLATE "C", mail varchar(60), born date, pay numeric, plain text)
		WITH (autovacuum_enabled = off, parallel_workers = 2);
	INSERT INTO person SELECT g, CASE WHEN g % 2 = 0 THEN 'common' ELSE 'rare ' || g END, 'user' || g || '@example.it',
		date '1950-01-01' + g % 20000, g % 100, CASE WHEN g % 2 = 0 THEN 'common' ELSE 'rare ' || g END FROM generate_series(1, 20000) g;
	SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN person.mail IS 'personal, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN person.born IS 'personal, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN person.pay IS 'personal, encrypted';
	CALL gdpr.apply('person');
});

# Indexes on gdpr.sealed(...) among them: evaluated again, it gives the same ciphertext for the same row.
sub sound
{
	my ($after) = @_;
	my ($ret, $out, $err) = $node->psql('crm', q{
		SELECT bt_index_parent_check(i.indexrelid, true, true), count(*) OVER () FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		 JOIN pg_am m ON m.oid = c.relam WHERE i.indrelid = 'person'::regclass AND m.amname = 'btree' AND i.indisvalid;
		SELECT * FROM verify_heapam('person');});
	is($err, '', "amcheck after $after");
	like($out, qr/\|[1-9]/, 'of the btree indexes');
	# By index and by heap the same rows are found.
	is($node->safe_psql('crm', q{SET enable_seqscan = off; SELECT count(*), min(id), max(id) FROM person WHERE name LIKE 'rare 1%'}),
		$node->safe_psql('crm', q{SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*), min(id), max(id) FROM person WHERE plain LIKE 'rare 1%'}),
		"the same rows after $after");
}
sub expected_rows
{
	my ($condition) = @_;
	my ($rows) = $node->safe_psql('crm', "EXPLAIN SELECT FROM person WHERE $condition") =~ /rows=(\d+)/;
	return $rows;
}

# A parallel build, seen by its workers, sorts as one process does; with little memory it spills.
my $log = -s $node->logfile;
$node->safe_psql('crm', q{
	SET max_parallel_maintenance_workers = 2; SET maintenance_work_mem = '64MB'; SET client_min_messages = debug1; SET log_min_messages = debug1;
	CREATE INDEX person_name ON person (name);
	CREATE UNIQUE INDEX person_mail ON person (mail gdpr.encrypted_varchar_pattern_ops) INCLUDE (pay);
	SET maintenance_work_mem = '1MB'; SET max_parallel_maintenance_workers = 0;
	CREATE INDEX person_born ON person (born DESC, pay);
	CREATE INDEX person_hash ON person USING hash (name);
	CREATE INDEX person_brin ON person USING brin (born);
	CREATE INDEX person_lower ON person (gdpr.sealed(lower(mail)));
});
like(slurp_file($node->logfile, $log), qr/building index "person_name" on table "person" with request for [12] parallel worker/, 'built in parallel');
sound('CREATE INDEX');

$log = -s $node->logfile;
# Autovacuum: not this session, and no library in its process but what the type itself loads.
$node->safe_psql('crm', q{ALTER TABLE person RESET (autovacuum_enabled); UPDATE person SET pay = pay WHERE id <= 100});
ok($node->poll_query_until('crm', q{SELECT last_autoanalyze IS NOT NULL AND last_autovacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'person'}), 'autovacuum came');
$node->safe_psql('crm', q{ALTER TABLE person SET (autovacuum_enabled = off)});
unlike(slurp_file($node->logfile, $log), qr/ERROR/, 'without an error');
is($node->safe_psql('crm', q{SELECT count(*) FROM pg_stats WHERE tablename = 'person'}), '6', 'statistics of every column');
is($node->safe_psql('crm', q{SET gdpr.output = 'cipher'; SELECT bool_and(v LIKE 'gdpr-ciphertext-1:%') FROM pg_stats, unnest(coalesce(histogram_bounds, most_common_vals)::text::text[]) v WHERE tablename = 'person' AND attname IN ('name', 'mail', 'born', 'pay')}),
	't', 'which are ciphertext');
foreach my $case ([ q{name = 'common'}, 9000, 11000 ], [ q{name LIKE 'rare%'}, 8000, 12000 ], [ q{mail = 'user7@example.it'}, 1, 1 ], [ q{mail LIKE 'user1%'}, 8000, 14000 ],
	[ q{pay < 50}, 9000, 11000 ], [ q{pay = 7}, 100, 350 ], [ q{born < '1960-01-01'}, 3200, 4200 ], [ q{lower(mail) = 'user7@example.it'}, 1, 10 ])
{
	my ($condition, $least, $most) = @$case;
	my $rows = expected_rows($condition);
	ok($rows >= $least && $rows <= $most, "$rows rows expected where $condition");
}

$node->safe_psql('crm', 'CREATE INDEX CONCURRENTLY person_pay ON person (pay, name)');
sound('CREATE INDEX CONCURRENTLY');
my ($ret, $out, $err) = $node->psql('crm', 'CREATE UNIQUE INDEX CONCURRENTLY person_twice ON person (pay)');
like($err, qr/could not create unique index/, 'a concurrent build that finds duplicates fails as ever');
$node->safe_psql('crm', 'DROP INDEX CONCURRENTLY person_twice');
$node->safe_psql('crm', 'REINDEX TABLE person; REINDEX INDEX person_hash;');
sound('REINDEX');
$node->safe_psql('crm', 'REINDEX TABLE CONCURRENTLY person');
sound('REINDEX CONCURRENTLY');
$node->safe_psql('crm', 'CLUSTER person USING person_born');
is($node->safe_psql('crm', q{SELECT bool_and(ordered) FROM (SELECT born <= lag(born) OVER (ORDER BY ctid) OR lag(born) OVER (ORDER BY ctid) IS NULL AS ordered FROM person) s}), 't', 'CLUSTER orders the table');
sound('CLUSTER');
$node->safe_psql('crm', q{DELETE FROM person WHERE id % 3 = 0});
$node->safe_psql('crm', q{VACUUM (PARALLEL 2) person});
sound('VACUUM');
$node->safe_psql('crm', 'VACUUM FULL person');
sound('VACUUM FULL');
$node->command_ok([ 'pg_amcheck', '-d', 'crm', '--heapallindexed', '--parent-check', '--rootdescend', '-t', 'person', '-t', 'gdpr.*' ], 'pg_amcheck, of the extension\'s own tables too');
done_testing();
