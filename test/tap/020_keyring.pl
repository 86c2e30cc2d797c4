# The keyring's life: made by CREATE EXTENSION; missing, exposed, damaged or another's; dump and restore; crashes.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('keyring');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5");
$node->start;
my $keyring = $node->data_dir . '.gdpr-keyring';

# answer($sql, %options): output, errors with their SQLSTATE; in a session of its own.
sub answer
{
	my ($sql, %options) = @_;
	my ($status, $out, $err) = $node->psql($options{database} // 'crm', "\\set VERBOSITY verbose\n$sql", on_error_stop => 0);
	$err =~ s/^psql:<stdin>:\d+: //gm;
	$err =~ s/^LOCATION: .*\n?//gm;
	return join "\n", grep { $_ ne '' } $out, $err;
}

sub is_up
{
	my ($name) = @_;
	return is($node->safe_psql('crm', 'SELECT name FROM plain ORDER BY id LIMIT 1'), 'anna', "$name: plain columns work");
}

# ---- Made by CREATE EXTENSION ----------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE crm');
like(
	answer('CREATE EXTENSION gdpr CASCADE'),
	qr/INFO:  00000: the first root key was made in the keyring "\Q$keyring\E"\nHINT:  Back the keyring up now, apart from/,
	'CREATE EXTENSION makes the first root key and says where and what to do');
is((stat $keyring)[2] & 07777, 0600, 'the keyring is its owner\'s alone');
ok(!-e "$keyring.new", 'no temporary file stays');
unlike($keyring, qr/^\Q@{[ $node->data_dir ]}\E\//, 'and lies beside the data directory, not in it');
is($node->safe_psql('crm', 'SELECT count(*) FROM gdpr.key'), '0', 'there is no data key before the first encryption');
$node->safe_psql('postgres', 'CREATE DATABASE other');
like(answer('CREATE EXTENSION gdpr CASCADE', database => 'other'), qr/using the keyring "\Q$keyring\E"/, 'a second database uses it');

# ---- The first data key ----------------------------------------------------

my @words = qw(Quokka Wombat Numbat Bilby);
$node->safe_psql('crm', <<'END');
CREATE TABLE plain (id int, name text);
INSERT INTO plain VALUES (1, 'anna');
CREATE TABLE person (id int PRIMARY KEY, name gdpr.encrypted_text, born gdpr.encrypted_date, salary gdpr.encrypted_numeric, extra gdpr.encrypted_jsonb);
CREATE INDEX ON person (name);
END
$node->safe_psql('crm', "BEGIN; INSERT INTO person VALUES (1, 'Quokka'); ROLLBACK");
is($node->safe_psql('crm', 'SELECT count(*) FROM gdpr.key'), '0', 'the transaction that made the first data key is rolled back');
$node->safe_psql('crm', <<'END');
BEGIN;
SAVEPOINT a;
INSERT INTO person VALUES (1, 'Quokka');
ROLLBACK TO a;
INSERT INTO person VALUES (1, 'Quokka', '1960-02-29', 4321.09, '{"pet": "Bilby"}');
COMMIT;
END
is($node->safe_psql('crm', "SELECT count(*), count(DISTINCT key) FROM gdpr.key_status WHERE use = 'data'"), '1|1',
	'it is recorded again, after a rolled back savepoint too');
$node->safe_psql('crm', "INSERT INTO person VALUES (2, 'Wombat', '1971-01-01', 1.5, '{}'), (3, 'Numbat', NULL, NULL, NULL)");
is($node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data'"), '1', 'another backend uses the same key');
is($node->safe_psql('crm', "SELECT string_agg(name, ',' ORDER BY name) FROM person"), 'Numbat,Quokka,Wombat', 'and reads what the first one wrote');

# Ten backends at once, in a database that has no data key yet.
$node->safe_psql('other', 'CREATE TABLE t (v gdpr.encrypted_text)');
{
	my @sessions;
	for my $i (1 .. 10)
	{
		my ($out, $err) = ('', '');
		push @sessions, [ IPC::Run::start(
			[ 'psql', '-XAtqw', '-d', $node->connstr('other'), '-c', "INSERT INTO t VALUES ('v$i')" ], '>', \$out, '2>', \$err), \$err ];
	}
	my @failed = grep { !$_->[0]->finish } @sessions;
	is(scalar @failed, 0, 'ten backends make the first data key together') or diag(map { ${ $_->[1] } } @failed);
	is($node->safe_psql('other', "SELECT count(DISTINCT key) FROM gdpr.key_status WHERE use = 'data'"), '1', 'it is one');
	is($node->safe_psql('other', 'SELECT count(DISTINCT v) FROM t'), '10', 'and reads all');
}
is(
	$node->safe_psql('postgres', "SELECT count(*) FROM (SELECT regexp_split_to_table(pg_read_file('$keyring'), '\n') l) k WHERE l LIKE 'key % data %'"),
	'2', 'the keyring has a copy of both databases\' data keys');

# ---- Restart, crashes ------------------------------------------------------

$node->restart;
is($node->safe_psql('crm', "SELECT id FROM person WHERE name = 'Wombat'"), '2', 'after a restart values are found by index');

$node->safe_psql('crm', "ALTER SYSTEM SET restart_after_crash = on; SELECT pg_reload_conf()");
{
	my ($in, $out, $err) = ('', '', '');
	my $victim = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('crm'), '-f', '-' ], '<', \$in, '>', \$out, '2>', \$err,
		IPC::Run::timeout(180));
	$in .= "SELECT pg_backend_pid(); BEGIN; INSERT INTO person SELECT g, 'Bilby' FROM generate_series(100, 5000) g; SELECT 'written';\n";
	$victim->pump until $out =~ /written/;
	my ($pid) = $out =~ /^(\d+)/;
	kill 'KILL', $pid;
	eval { $victim->finish };
	$node->poll_query_until('crm', 'SELECT true', 't') or die 'the server did not come back';
	is($node->safe_psql('crm', 'SELECT count(*) FROM person'), '3', 'kill -9 of a backend: what it wrote is gone');
	is($node->safe_psql('crm', "INSERT INTO person VALUES (4, 'Bilby') RETURNING name"), 'Bilby', 'and the session goes on encrypting');
}
$node->stop('immediate');
$node->start;
is($node->safe_psql('crm', "SELECT string_agg(name, ',' ORDER BY name) FROM person"), 'Bilby,Numbat,Quokka,Wombat', 'kill of the postmaster');

# ---- A keyring that cannot be used -----------------------------------------

my $whole = slurp_file($keyring);

# refused($name, $state, $message, $hint): every use of a key fails so, nothing is written, the server runs on.
sub refused
{
	my ($name, $state, $message, $hint) = @_;
	for my $case (
		[ 'reading', 'SELECT name FROM person' ],
		[ 'writing', "INSERT INTO person VALUES (9, 'Wombat')" ],
		[ 'comparing', "SELECT id FROM person WHERE name = 'Wombat'" ],
		[ 'COPY', "COPY person (id, name) FROM stdin;\n9\tWombat\n\\.\n" ],
		[ 'analyzing', 'ANALYZE person' ])
	{
		my ($what, $sql) = @$case;
		my $said = answer("$sql;");
		like($said, qr/^ERROR:  $state: $message/m, "$name: $what is a clear error");
		like($said, qr/^DETAIL:  The key(ring is ".*", | )provider (is )?"file"\.\nHINT:  $hint/m, "$name: $what says what to do");
		unlike($said, qr/Wombat/, "$name: $what quotes no value") if $what =~ /reading|analyzing/;
	}
	is($node->safe_psql('crm', 'SELECT count(*) FROM person'), '4', "$name: nothing was written");
	is_up($name);
	return;
}

sub put
{
	my ($content, $mode) = @_;
	unlink $keyring;
	open my $file, '>', $keyring or die $!;
	print $file $content;
	close $file;
	chmod $mode, $keyring;
	return;
}

my $named = qr/the keyring "\Q$keyring\E"/;
unlink $keyring;
refused('missing', '58P01', qr/$named does not exist/, 'Restore the keyring from its backup');
ok(!-e $keyring, 'missing: no new one was made in its place');
$node->restart;
refused('missing, after a restart', '58P01', qr/$named does not exist/, 'Restore the keyring from its backup');
put($whole, 0);
refused('unreadable', '42501', qr/$named cannot be read: Permission denied/, 'The user that the server runs as must own it');
put($whole, 0604);
refused('world-readable', '42501', qr/$named can be read by others than its owner/, 'chmod 600 it, and consider its keys exposed');
put($whole, 0640);
refused('group-readable', '42501', qr/$named can be read by others than its owner/, 'chmod 600 it, and consider its keys exposed');
put(substr($whole, 0, length($whole) / 2), 0600);
refused('truncated', 'F0000', qr/$named is truncated/, 'Restore the keyring from its backup');
put('', 0600);
refused('empty', 'F0000', qr/$named is not a keyring/, 'Restore the keyring from its backup');
put($whole =~ s/^(root 1 \S+ )(.)/$1 . ($2 eq 'a' ? 'b' : 'a')/emr, 0600);
refused('damaged', 'F0000', qr/$named is damaged: its checksum does not match/, 'Restore the keyring from its backup');
unlink $keyring;
mkdir $keyring;
refused('a directory', '42501', qr/$named is not a regular file/, 'Set gdpr.keyring_file to');
rmdir $keyring;

# Another cluster's keyring: the epoch is there, the key is not the one.
my $stranger = PostgreSQL::Test::Cluster->new('stranger');
$stranger->init;
$stranger->start;
$stranger->safe_psql('postgres', 'CREATE EXTENSION gdpr CASCADE');
my $others = slurp_file($stranger->data_dir . '.gdpr-keyring');
put($others, 0600);
refused('another database\'s', 'F0000', qr/root key of epoch 1 does not open key [0-9a-f]{8}/,
	'It is another database\'s keyring. Restore the one that this database was written with.');
is(slurp_file($keyring), $others, 'another database\'s: it is left as it is');

# A backend that has the keys already goes on: a keyring is read at need, not for every value.
put($whole, 0600);
is(answer("SELECT max(name) FROM person;\n\\! mv $keyring $keyring.away\nSELECT min(name) FROM person;\n\\! mv $keyring.away $keyring"),
	"Wombat\nBilby", 'a session that holds the keys goes on while the file is away');
is($node->safe_psql('crm', 'SELECT min(name) FROM person'), 'Bilby', 'with the right one back, everything is as before');

# ---- Dump and restore ------------------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir;
my $secrets = qr/Quokka|Wombat|Numbat|Bilby|1960-02-29|4321\.09/;
$node->safe_psql('crm', <<'END');
CREATE TABLE checked (id int PRIMARY KEY, name gdpr.encrypted_varchar(20) DEFAULT 'Numbat' CHECK (name <> 'nobody'),
	loud gdpr.encrypted_text GENERATED ALWAYS AS (upper(name::text)) STORED) ;
INSERT INTO checked VALUES (1, 'Wombat'), (2, DEFAULT);
CREATE TABLE parted (name gdpr.encrypted_text, n int) PARTITION BY HASH (name);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT 'Quokka ' || g, g FROM generate_series(1, 50) g;
CREATE VIEW wombats AS SELECT id FROM person WHERE name = 'Wombat';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, identifier, encrypted';
CREATE ROLE backup_man LOGIN; GRANT gdpr_backup TO backup_man; GRANT pg_read_all_data TO backup_man;
END
my $sum = "SELECT md5(string_agg(p::text, '|' ORDER BY id)) || md5((SELECT string_agg(c::text, '|' ORDER BY id) FROM checked c)) || (SELECT md5(string_agg(t::text, '|' ORDER BY n)) FROM parted t) FROM person p";
my $before = $node->safe_psql('crm', $sum);

for my $format ([ 'as superuser', '', [] ], [ 'with --inserts', '', ['--inserts'] ], [ 'by a member of gdpr_backup', 'backup_man', [] ])
{
	my ($name, $user, $options) = @$format;
	my @as = $user ? ('-U', $user) : ();
	$node->command_ok([ 'pg_dump', '-d', $node->connstr('crm'), @as, @$options, '-f', "$dir/dump.sql" ], "pg_dump $name");
	my $dump = slurp_file("$dir/dump.sql");
	unlike($dump, $secrets, "$name: no plaintext in the dump");
	$node->safe_psql('postgres', 'CREATE DATABASE restored');
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', $node->connstr('restored'), '-f', "$dir/dump.sql" ], "$name: restored");
	is($node->safe_psql('restored', $sum), $before, "$name: every value is there");
	is($node->safe_psql('restored', "SELECT id FROM person WHERE name = 'Wombat'"), '2', "$name: and is found");
	is($node->safe_psql('restored', "SELECT count(*) FROM parted WHERE name = 'Quokka 7'"), '1', "$name: in its partition");
	$node->safe_psql('postgres', 'DROP DATABASE restored');
}

$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('crm'), '-f', "$dir/dump.custom" ], 'pg_dump in custom format');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-j2', '-d', $node->connstr('restored'), "$dir/dump.custom" ], 'pg_restore -j2');
is($node->safe_psql('restored', $sum), $before, 'in parallel: every value is there');
is($node->safe_psql('restored', "INSERT INTO person VALUES (50, 'new') RETURNING name"), 'new', 'and it is written on');
is($node->safe_psql('restored', "SELECT count(*) - count(DISTINCT key) FROM gdpr.key_status"), '0', 'no key is recorded twice');

# Without the keyring, and with another's: refused as a whole or at the first value, and said why.
$stranger->safe_psql('postgres', 'CREATE DATABASE restored; CREATE ROLE backup_man');
my ($out, $err) = run_command([ 'pg_restore', '-1', '-d', $stranger->connstr('restored'), "$dir/dump.custom" ]);
like($err, qr/root key of epoch 1 does not open key|key [0-9a-f]{8} is not in the keyring/, 'restored where the keyring is not: a clear error');
like($err, qr/HINT:  (It is another database's keyring\. )?Restore the (keyring|one) that/, 'and what to do');
is($stranger->safe_psql('restored', "SELECT count(*) FROM pg_class WHERE relname = 'person'"), '0', 'nothing is left of it');

# A plain dump is the DBA's explicit wish, and encrypts anew wherever it is restored. The keyed hash of another keyring
# sends rows to other hash partitions.
{
	local $ENV{PGOPTIONS} = '-c gdpr.output=plain';
	$node->command_ok([ 'pg_dump', '-d', $node->connstr('crm'), '--exclude-table-data=gdpr.*', '--load-via-partition-root', '-f', "$dir/plain.sql" ], 'pg_dump with gdpr.output = plain');
}
like(slurp_file("$dir/plain.sql"), qr/Quokka/, 'holds plaintext');
$stranger->safe_psql('postgres', 'CREATE DATABASE again');
$stranger->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', $stranger->connstr('again'), '-f', "$dir/plain.sql" ], 'restored under another keyring');
is($stranger->safe_psql('again', $sum), $before, 'every value is there');
unlike($stranger->safe_psql('again', "SET gdpr.output = 'cipher'; SELECT name FROM person"), $secrets, 'encrypted');

# Attack: a role without the right takes ciphertext or plaintext out by its name alone.
$node->safe_psql('crm', 'CREATE ROLE app LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO app');
{
	local $ENV{PGAPPNAME} = 'pg_dump';
	is($node->safe_psql('crm', 'SELECT name FROM person WHERE id = 2', extra_params => [ '-U', 'app' ]), 'Wombat', 'Attack: calling oneself pg_dump gives nothing');
	local $ENV{PGOPTIONS} = '-c gdpr.output=cipher';
	is($node->safe_psql('crm', 'SELECT name FROM person WHERE id = 2', extra_params => [ '-U', 'app' ]), 'Wombat', 'Attack: nor does asking for ciphertext');
}

# ---- The keyring elsewhere -------------------------------------------------

my $elsewhere = PostgreSQL::Test::Utils::tempdir . '/keys';
mkdir $elsewhere;
rename $keyring, "$elsewhere/ring" or die $!;
$node->append_conf('postgresql.conf', "gdpr.keyring_file = '$elsewhere/ring'");
$node->reload;
is($node->safe_psql('crm', 'SELECT min(name) FROM person'), 'Bilby', 'gdpr.keyring_file, after a reload');
$node->safe_psql('postgres', 'CREATE DATABASE third');
like(answer('CREATE EXTENSION gdpr CASCADE', database => 'third'), qr/using the keyring "\Q$elsewhere\E\/ring"/, 'it is used by all');
like(answer("SET gdpr.keyring_file = '/tmp/mine'"), qr/ERROR:  55P02/, 'Attack: a session points it elsewhere');
chmod 0500, $elsewhere;
like(
	answer("CREATE TABLE t (v gdpr.encrypted_text); INSERT INTO t VALUES ('a')", database => 'third'),
	qr/^ERROR:  58030: the keyring .* cannot be created: Permission denied\n(.*\n)*HINT:  Set gdpr.keyring_file to a path/m,
	'a directory that cannot be written: no new key, a clear error');
chmod 0700, $elsewhere;
is(answer("INSERT INTO t VALUES ('a') RETURNING v", database => 'third'), 'a', 'and it is made when it can be');

done_testing();
