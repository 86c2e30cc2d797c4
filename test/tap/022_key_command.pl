# Root keys outside of the keyring: a PKCS#11 token keeps them (SoftHSM), by the example of a key command; new epochs, from
# one provider to the other and back; commands that go wrong.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Copy;
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('command');
my $keyring = $node->data_dir . '.gdpr-keyring';
my $dir = PostgreSQL::Test::Utils::tempdir;
my $command = "$dir/gdpr-key";
$node->init;
$node->append_conf('postgresql.conf', "log_min_messages = debug1\nlog_statement = all");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql($_, 'CREATE EXTENSION gdpr CASCADE; CREATE TABLE person (id int, name gdpr.encrypted_text); INSERT INTO person VALUES (1, $$Quokka$$)') foreach 'crm', 'other';

sub answer
{
	my ($sql, $database) = @_;
	my ($status, $out, $err) = $node->psql($database // 'crm', "\\set VERBOSITY verbose\n$sql");
	$err =~ s/^psql:<stdin>:\d+: //gm;
	$err =~ s/^LOCATION: .*\n?//gm;
	return join "\n", grep { $_ ne '' } $out, $err;
}

sub epochs { return $node->safe_psql('crm', 'SELECT epoch, provider, state, keys FROM gdpr.root_keys()'); }

sub set
{
	my ($name, $value) = @_;
	$node->append_conf('postgresql.conf', "$name = '$value'");
	$node->reload;
	return;
}

sub script
{
	my ($body) = @_;
	unlink $command;
	append_to_file($command, "#!/bin/sh\n$body\n");
	chmod 0755, $command;
	return;
}

# ---- From the file to a new epoch of the file ------------------------------

is(epochs(), '1|file|active|2', 'the first epoch');
like(answer('CALL gdpr.rotate_root_key()'),
	qr/^NOTICE:  00000: root key of epoch 2, provider "file", wraps the keys\nDETAIL:  2 keys were wrapped anew.\nHINT:  Back up the keyring "\Q$keyring\E" now/, 'a new epoch');
is(epochs(), "2|file|active|2\n1|file|old|0", 'nothing needs the first any more, in the keyring');
is((stat $keyring)[2] & 07777, 0600, 'the keyring is still its owner\'s alone');
is($node->safe_psql($_, 'SELECT name FROM person'), 'Quokka', "values are read in $_") foreach 'crm', 'other';
is($node->safe_psql('crm', 'SELECT DISTINCT epoch FROM gdpr.key'), '2', 'this database has its keys under the new one');
is($node->safe_psql('other', 'SELECT DISTINCT epoch FROM gdpr.key'), '1', 'the other has not yet');
like(answer('CALL gdpr.destroy_root_key(1)'), qr/^ERROR:  55006: root key of epoch 1 is still needed\nDETAIL:  Database "other" may hold keys that it wraps.\nHINT:  CALL gdpr.rotate_root_key\(make => false\)/,
	'Attack: destroying an epoch that another database needs');
like(answer('CALL gdpr.rotate_root_key(make => false)', 'other'), qr/root key of epoch 2/, 'until it has moved');
like(answer('CALL gdpr.destroy_root_key(2)'), qr/^ERROR:  55006: root key of epoch 2 is still needed\nDETAIL:  It is the newest one/, 'nor the newest');
like(answer('CALL gdpr.destroy_root_key(7)'), qr/^ERROR:  42704: the keyring has no root key of epoch 7/, 'nor one that is none');
is(answer('CALL gdpr.destroy_root_key(1)'), '', 'then the old one can be destroyed');
is(epochs(), '2|file|active|2', 'and is gone');
is($node->safe_psql($_, 'SELECT name FROM person'), 'Quokka', "values are read in $_") foreach 'crm', 'other';
$node->safe_psql('crm', 'CREATE ROLE app LOGIN; CREATE ROLE dba LOGIN; GRANT gdpr_admin TO dba');
like(($node->psql('crm', 'CALL gdpr.rotate_root_key()', extra_params => [ '-U', 'app' ]))[2], qr/permission denied/, 'Attack: an application rotates the root key');
like(($node->psql('crm', 'CALL gdpr.destroy_root_key(1)', extra_params => [ '-U', 'app' ]))[2], qr/permission denied/, 'Attack: or destroys one');

# A rollback, and a crash between the keyring and the commit: the keyring is ahead, and nothing is lost.
$node->psql('crm', 'BEGIN; CALL gdpr.rotate_root_key(); ROLLBACK');
is($node->safe_psql('crm', 'SELECT DISTINCT epoch FROM gdpr.key'), '2', 'rolled back');
is(epochs(), "3|file|active|2\n2|file|old|0", 'the keyring is ahead of the database');
is($node->safe_psql('crm', 'SELECT name FROM person'), 'Quokka', 'which reads on');
$node->safe_psql('crm', q{INSERT INTO person VALUES (2, 'Wombat')});
like(answer('CALL gdpr.destroy_root_key(2)'), qr/^ERROR:  55006: .*\nDETAIL:  It wraps a key/, 'what its rows are wrapped by is still needed');
{
	my ($in, $out, $err) = ('', '', '');
	my $victim = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('crm'), '-f', '-' ], '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
	$in .= "SELECT pg_backend_pid(); BEGIN; CALL gdpr.rotate_root_key(); SELECT 'rotated';\n";
	$victim->pump until $out =~ /rotated/;
	my ($pid) = $out =~ /^(\d+)/;
	$node->append_conf('postgresql.conf', 'restart_after_crash = on');
	$node->reload;
	kill 'KILL', $pid;
	eval { $victim->finish };
	$node->poll_query_until('postgres', 'SELECT true', 't') or die 'the server did not come back';
}
is($node->safe_psql('crm', 'SELECT string_agg(name, $$,$$ ORDER BY id) FROM person'), 'Quokka,Wombat', 'killed between keyring and commit: every value is there');
is($node->safe_psql('crm', q{INSERT INTO person VALUES (3, 'Numbat') RETURNING name}), 'Numbat', 'and it goes on');
like(answer('CALL gdpr.rotate_root_key(make => false)'), qr/root key of epoch 4/, 'the next call brings the database up to the keyring');
is($node->safe_psql('crm', 'SELECT DISTINCT epoch FROM gdpr.key'), '4', 'all of its keys');
$node->safe_psql('other', 'CALL gdpr.rotate_root_key(make => false)');
is(answer("CALL gdpr.destroy_root_key($_)"), '', "epoch $_ is destroyed") foreach 2, 3;
unlike(slurp_file($keyring), qr/^root [123] /m, 'their secrets are not in the keyring');

# A keyring that cannot be written: nothing changes.
my $whole = slurp_file($keyring);
mkdir "$keyring.new";
like(answer('CALL gdpr.rotate_root_key()'), qr/^ERROR:  58030: the keyring .* cannot be created/, 'a keyring that cannot be written');
rmdir "$keyring.new";
is(slurp_file($keyring), $whole, 'stays as it was');
is($node->safe_psql('crm', 'SELECT DISTINCT epoch FROM gdpr.key'), '4', 'and the database too');

# ---- Commands that go wrong ------------------------------------------------

set('gdpr.key_command_timeout', '2s');
set('gdpr.key_command', $command);
for my $case (
	[ 'missing', undef, 'failed with status 12[67]' ],
	[ 'failing', 'cat >&2; echo 00112233445566778899aabbccddeeff >&2; exit 5', 'failed with status 5' ],
	[ 'hanging', 'sleep 100', 'did not end in time' ],
	[ 'forgetful', 'case $1 in get) printf "%064d\n" 7;; esac', 'does not give back the key that it was given' ],
	[ 'babbling', 'case $1 in get) echo nonsense;; esac', 'did not write a key of 64' ])
{
	my ($name, $body, $message) = @$case;
	script($body) if defined $body;
	like(answer('CALL gdpr.rotate_root_key()'), qr/^ERROR:  38000: the key command $message.*\nDETAIL:  The key provider is "command", root key of epoch 5\.\nHINT:  Run the command by hand/, "a $name command is a clear error");
	is(slurp_file($keyring), $whole, "and the keyring stays as it was");
}
script('sleep 100');
set('gdpr.key_command_timeout', '60s');
like(answer("SET statement_timeout = 300; CALL gdpr.rotate_root_key()"), qr/^ERROR:  57014/, 'statement_timeout ends a command that hangs');
is($node->safe_psql('crm', q{INSERT INTO person VALUES (4, 'Bilby') RETURNING name}), 'Bilby', 'none of that is in the way of keys that the file holds');

# ---- A PKCS#11 token -------------------------------------------------------

{
	my ($module) = grep { -e } '/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', glob('/usr/lib/*/softhsm/libsofthsm2.so');
	die 'softhsm2 and opensc are missing: run test/lib/deps.sh' unless $module && !system('command -v softhsm2-util pkcs11-tool >/dev/null 2>&1');
	mkdir "$dir/tokens";
	append_to_file("$dir/softhsm2.conf", "directories.tokendir = $dir/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
	append_to_file("$dir/pin", "1234\n");
	chmod 0600, "$dir/pin";
	copy("$FindBin::Bin/../../doc/examples/key-command-pkcs11", $command) or die $!;
	chmod 0755, $command;
	local $ENV{SOFTHSM2_CONF} = "$dir/softhsm2.conf";
	is(system('softhsm2-util --init-token --free --label gdpr --pin 1234 --so-pin 5678 >/dev/null 2>&1'), 0, 'a token');
	my $use = "env SOFTHSM2_CONF=$dir/softhsm2.conf GDPR_PKCS11_MODULE=$module GDPR_PKCS11_TOKEN=gdpr GDPR_PKCS11_PIN_FILE=$dir/pin $command";
	set('gdpr.key_command', $use);
	like(answer('CALL gdpr.rotate_root_key()'), qr/root key of epoch 5, provider "command", wraps the keys/, 'from the file to the token');
	$node->safe_psql('other', 'CALL gdpr.rotate_root_key(make => false)');
	is(epochs(), "5|command|active|2\n4|file|old|0", 'it keeps the newest epoch');
	is(answer('CALL gdpr.destroy_root_key(4)'), '', 'that of the file is destroyed');
	unlike(slurp_file($keyring), qr/^root .* [0-9a-f]{64}$/m, 'no root key is in the keyring any more');
	like(slurp_file($keyring), qr/^root 5 \S+ command gdpr-[0-9a-f]{16}-5$/m, 'but its name');
	$node->restart;
	is($node->safe_psql('crm', 'SELECT string_agg(name, $$,$$ ORDER BY id) FROM person'), 'Quokka,Wombat,Numbat,Bilby', 'after a restart values are read');
	is($node->safe_psql('crm', q{CREATE TABLE t (v gdpr.encrypted_text); INSERT INTO t VALUES ('new') RETURNING v}), 'new', 'and written');
	is($node->safe_psql('other', 'SELECT name FROM person'), 'Quokka', 'in the other database too');

	# The token is gone: errors name provider and epoch, plain columns work.
	rename "$dir/tokens", "$dir/away";
	like(answer('SELECT name FROM person'), qr/^ERROR:  38000: the key command failed with status \d+\nDETAIL:  The key provider is "command", root key of epoch 5\.\nHINT:/, 'without the token, reading is a clear error');
	like(answer("INSERT INTO person VALUES (9, 'Dingo')"), qr/^ERROR:  38000: the key command failed/, 'writing too');
	is($node->safe_psql('crm', 'SELECT count(id) FROM person'), '4', 'plain columns are there, and nothing was written');
	rename "$dir/away", "$dir/tokens";
	is($node->safe_psql('crm', 'SELECT min(name) FROM person'), 'Bilby', 'with the token back, all is as before');
	set('gdpr.key_command', '');
	like(answer('SELECT name FROM person'), qr/^ERROR:  F0000: the setting gdpr.key_command is empty\nDETAIL:  The key provider is "command", root key of epoch 5/, 'without the setting as well');

	# A new epoch within the token, and back to the file.
	set('gdpr.key_command', $use);
	like(answer('CALL gdpr.rotate_root_key()'), qr/root key of epoch 6, provider "command"/, 'a new epoch within the token');
	$node->safe_psql('other', 'CALL gdpr.rotate_root_key(make => false)');
	is(answer('CALL gdpr.destroy_root_key(5)'), '', 'the old one is destroyed');
	my $objects = `pkcs11-tool --module $module --token-label gdpr --login --pin 1234 --list-objects 2>/dev/null`;
	like($objects, qr/gdpr-[0-9a-f]{16}-6/, 'the token holds the new key');
	unlike($objects, qr/gdpr-[0-9a-f]{16}-5/, 'and not the old one');
	like(answer(q{CALL gdpr.rotate_root_key(provider => 'file')}), qr/root key of epoch 7, provider "file"/, 'back to the file');
	is($node->safe_psql('crm', 'SELECT min(name) FROM person'), 'Bilby', 'values are read');
	$node->safe_psql('other', q{CALL gdpr.rotate_root_key(make => false)});
	is(answer('CALL gdpr.destroy_root_key(6)'), '', 'the token\'s is destroyed');
	set('gdpr.key_command', '');
	$node->restart;
	is($node->safe_psql('crm', 'SELECT min(name) FROM person'), 'Bilby', 'and the token is not needed any more');
}

# ---- Secrets ---------------------------------------------------------------

my $log = slurp_file($node->logfile);
my ($root) = slurp_file($keyring) =~ /^root \d+ \S+ file ([0-9a-f]{64})$/m;
ok(defined $root, 'a root key');
unlike($log, qr/\Q$root\E|00112233445566778899aabbccddeeff/, 'neither a root key nor what a command wrote is in the log');

# What a backend's writable memory holds: how often each of the strings is in it, or nothing where it may not be read.
sub in_memory
{
	my ($pid, @strings) = @_;
	no warnings 'portable'; # addresses have 64 bits
	open(my $maps, '<', "/proc/$pid/maps") or return;
	open(my $memory, '<:raw', "/proc/$pid/mem") or return;
	my @found = (0) x @strings;
	while (<$maps>)
	{
		my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
		next if m{/dev/(zero|shm)};    # shared buffers hold no key, and are large
		sysseek($memory, hex($from), 0) or next;
		my $part;
		next unless defined sysread($memory, $part, hex($to) - hex($from));
		$found[$_] += () = $part =~ /\Q$strings[$_]\E/g foreach 0 .. $#strings;
	}
	return @found;
}
SKIP:
{
	my $session = Session->new($node, 'crm');
	my $pid = $session->query('SELECT pg_backend_pid()');
	is($session->query('SELECT min(name) FROM person'), 'Bilby', 'a session that decrypts');
	$session->query(q{SELECT 'a mark that is there', pg_sleep(0)});
	my @before = in_memory($pid, 'a mark that is there', $root, pack('H*', $root));
	skip 'the memory of other processes cannot be read', 3 unless @before;
	cmp_ok($before[0], '>', 0, 'its memory is read');
	is("$before[1] $before[2]", '0 0', 'the root key of the file is not left in it');
	$session->query('CALL gdpr.rotate_root_key()');
	my ($next) = slurp_file($keyring) =~ /^root 8 \S+ file ([0-9a-f]{64})$/m;
	my @after = in_memory($pid, $root, pack('H*', $root), $next, pack('H*', $next));
	is("@after", '0 0 0 0', 'nor the old and the new one after a rotation');
	$session->quit;
}

$node->stop;
done_testing();
