# A stolen disk: no known value of an encrypted column is anywhere in the data directory, nor what apply() left of it.
use strict;
use warnings FATAL => 'all';
use File::Find;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('at_rest');
$node->init(extra => ['--wal-segsize=1']);
# Plaintext in literals that the server logs is the DBA's choice; here it logs nothing.
$node->append_conf('postgresql.conf', <<'END');
log_statement = none
log_min_error_statement = panic
log_min_messages = fatal
wal_compression = off
wal_recycle = off
wal_keep_size = 1GB
work_mem = 64kB
autovacuum = off
track_activity_query_size = 100
END
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr CASCADE');

# One value of each type that is found nowhere else: as text, and as its bytes on disk.
my %marks = (
	text => 'Zanzottera', varchar => 'Quasimodoni', jsonb_key => 'Wunderkammer', jsonb_value => 'Kaleidoskopin',
	toast => 'Przemyslawicz');

# hits(): marks and the files that have them. Compressed or not, a value that was stored plainly shows its letters.
sub hits
{
	my ($wal, %wanted) = @_;
	my %hits;
	find({ no_chdir => 1, wanted => sub {
		return unless -f $_;
		return if !$wal && m{/pg_wal/};
		return if m{/postmaster\.(pid|opts)$};
		my $content = eval { slurp_file($_) } // return;
		for my $mark (keys %wanted)
		{
			push @{ $hits{$mark} }, $_ if index($content, $wanted{$mark}) >= 0;
		}
	} }, $node->data_dir);
	return join '; ', map { my $m = $_; "$m in " . join(', ', map { s{.*/pgdata/}{}r } @{ $hits{$m} }) } sort keys %hits;
}

# ---- It is there before: the search finds what it looks for ----------------

$node->safe_psql('crm', <<"END");
CREATE TABLE person (
	id int PRIMARY KEY, name text, nick varchar(40), birthday date, salary numeric, extra jsonb, long text);
ALTER TABLE person ALTER long SET STORAGE EXTERNAL;
INSERT INTO person SELECT g, '$marks{text} ' || g, '$marks{varchar} ' || g, date '1911-05-17', 87654321.9876, '{"$marks{jsonb_key}": "$marks{jsonb_value}"}',
	repeat('$marks{toast} ', 500) FROM generate_series(1, 2000) g;
CREATE INDEX person_name ON person (name);
CREATE INDEX person_nick ON person (nick, birthday, salary);
CHECKPOINT;
END
like(hits(0, %marks), qr/jsonb_key in .*jsonb_value in .*text in .*toast in .*varchar in/, 'before: the values are there');

# ---- Converted in place ----------------------------------------------------

$node->safe_psql('crm', join '', map { "SECURITY LABEL FOR gdpr ON COLUMN person.$_ IS 'personal, encrypted';\n" } qw(name nick birthday salary extra long));
$node->safe_psql('crm', 'SELECT pg_switch_wal(); CHECKPOINT');
my $from = $node->safe_psql('crm', 'SELECT pg_current_wal_lsn()');
$node->safe_psql('crm', "CALL gdpr.apply('person')");
$node->safe_psql('crm', 'CHECKPOINT');
is(hits(0, %marks), '', 'after apply() and a checkpoint: heap, indexes, TOAST and catalogs have none of it');

# WAL from before the conversion has what was written then; that goes with its segments.
# wal($from): marks in the WAL that was written since, by segment.
sub wal
{
	my ($from) = @_;
	my @bad;
	my @names = map { s/\s//gr } split /\n/, $node->safe_psql('crm',
		"SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}\$' AND name >= pg_walfile_name('$from') ORDER BY name");
	for my $name (@names)
	{
		my $segment = slurp_file($node->data_dir . "/pg_wal/$name");
		push @bad, map { "$_ in $name" } grep { index($segment, $marks{$_}) >= 0 } sort keys %marks;
	}
	return (scalar @names, "@bad");
}
my ($segments, $found) = wal($from);
cmp_ok($segments, '>', 1, 'the conversion wrote WAL');
is($found, '', 'WAL since the conversion has none of it');

# Statistics of the plain column are rows of pg_statistic, dead since, whose bytes stay until that is rewritten.
my %sampled = (sampled => 'Ornithorynque');
$node->safe_psql('crm', <<"END");
CREATE TABLE visitor (id int, extra jsonb);
INSERT INTO visitor SELECT g, '{"a": "$sampled{sampled}"}' FROM generate_series(1, 100) g;
ANALYZE visitor;
SECURITY LABEL FOR gdpr ON COLUMN visitor.extra IS 'sensitive, encrypted';
CALL gdpr.apply('visitor');
CHECKPOINT;
END
like(hits(0, %sampled), qr{^sampled in base/\d+/2619$}, 'of a column that was analyzed before, dead statistics are all that is left');
$node->safe_psql('crm', 'VACUUM FULL pg_catalog.pg_statistic; CHECKPOINT');
is(hits(0, %sampled), '', 'until VACUUM FULL pg_statistic');
$node->safe_psql('crm', 'ANALYZE visitor; CHECKPOINT');
is(hits(0, %sampled), '', 'and new statistics have none of it');

# ---- Life goes on ----------------------------------------------------------

$node->safe_psql('crm', <<"END");
INSERT INTO person (id, name, birthday, salary, extra, long) SELECT g, '$marks{text} ' || g, date '1911-05-17', 87654321.9876,
	'{"$marks{jsonb_key}": ["$marks{jsonb_value}"]}', repeat('$marks{toast} ', 500) FROM generate_series(3001, 4000) g;
UPDATE person SET name = name || ' $marks{text}', nick = '$marks{varchar}' WHERE id % 7 = 0;
DELETE FROM person WHERE id % 11 = 0;
COPY (SELECT id + 10000, name FROM person WHERE id < 100) TO '@{[ $node->basedir ]}/out';
COPY person (id, name) FROM '@{[ $node->basedir ]}/out';
CREATE INDEX person_hash ON person USING hash (name);
CREATE STATISTICS person_statistics ON name, nick FROM person;
CREATE TABLE copy AS SELECT * FROM person;
PREPARE p AS INSERT INTO person (id, name) VALUES (90000, '$marks{text}');
EXECUTE p;
VACUUM ANALYZE person;
VACUUM FULL copy;
ANALYZE copy;
CHECKPOINT;
END
is(hits(0, %marks), '', 'after inserts, updates, COPY, VACUUM, VACUUM FULL, ANALYZE, extended statistics: none of it');
is($node->safe_psql('crm', "SELECT count(*) FROM pg_stats WHERE tablename = 'person' AND attname = 'name' AND histogram_bounds IS NOT NULL"), '1',
	'and statistics there are');
my $types = $node->safe_psql('crm', "SELECT string_agg(DISTINCT atttypid::regtype::text, ',') FROM pg_attribute WHERE attrelid = 'copy'::regclass AND attnum > 1");
like($types, qr/^(gdpr\.encrypted_\w+,?)+$/, 'a copied table is encrypted as well');

($segments, $found) = wal($from);
is($found, '', 'nor has the WAL');

# Numbers and dates: their bytes as PostgreSQL stores them.
{
	my %bytes = (
		birthday => pack('l<', $node->safe_psql('crm', "SELECT date '1911-05-17' - date '2000-01-01'")),
		# the digits in base 10000: 8765 4321 9876
		salary => pack('s<3', 8765, 4321, 9876));
	my @bad;
	for my $name (qw(person copy person_nick))
	{
		my $file = slurp_file($node->data_dir . '/' . $node->safe_psql('crm', "SELECT pg_relation_filepath('$name')"));
		# Four bytes may stand in ciphertext by chance, once or twice in a gigabyte; 2000 rows would show them 2000 times.
		push @bad, "salary in $name" if index($file, $bytes{salary}) >= 0;
		push @bad, "birthday in $name" if (() = $file =~ /\Q$bytes{birthday}\E/g) > 5;
	}
	is("@bad", '', 'dates and numbers are not in heap and index');
}

# ---- What spills to disk ---------------------------------------------------
# A cursor holds the sort open while its files are looked at.
{
	my ($in, $out, $err) = ('', '', '');
	my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('crm'), '-f', '-' ], '<', \$in, '>', \$out, '2>', \$err,
		IPC::Run::timeout(180));
	for my $case (
		[ 'a sort by the encrypted column', 'SELECT name, nick FROM person a CROSS JOIN generate_series(1, 10) ORDER BY name DESC, nick' ],
		[ 'a hash join', 'SELECT a.name, b.nick FROM copy a JOIN copy b ON a.name = b.name CROSS JOIN generate_series(1, 5)' ],
		[ 'Attack: groups of a hash aggregate', 'SELECT name, g, max(nick), count(*) FROM copy CROSS JOIN generate_series(1, 20) g GROUP BY name, g' ])
	{
		my ($name, $query) = @$case;
		$out = '';
		$in .= "SET enable_mergejoin = off; SET enable_sort = " . ($name =~ /aggregate/ ? 'off' : 'on') . "; SET enable_nestloop = on; SET enable_indexscan = off; SET enable_bitmapscan = off;\n";
		$in .= "BEGIN; DECLARE c CURSOR FOR $query; FETCH 5 FROM c \\g /dev/null\nSELECT 'fetched';\n";
		$session->pump until $out =~ /fetched/;
		my @files = glob($node->data_dir . '/base/pgsql_tmp/*');
		my $spilled = 0;
		my @bad;
		for my $file (@files)
		{
			$spilled += -s $file;
			my $content = slurp_file($file);
			push @bad, grep { index($content, $marks{$_}) >= 0 } keys %marks;
		}
		cmp_ok($spilled, '>', 0, "$name spills to temporary files");
		is("@bad", '', "$name: none of it in them");
		$in .= "ROLLBACK;\n";
	}
	$in .= "\\q\n";
	$session->finish;
	is($err, '', 'no errors');
}

# ---- And the other way round: the values are all there ----------------------

is($node->safe_psql('crm', "SELECT count(*) FROM person WHERE name LIKE '$marks{text}%'"), $node->safe_psql('crm', 'SELECT count(*) FROM person'),
	'who has the keys reads them all');
$node->stop;
is(hits(0, %marks), '', 'a stopped server has none of it either');
done_testing();
