# One backend that creates, uses and drops the extension again and again ends with the memory it began with.
#
# CREATE EXTENSION makes some thousand objects and takes a second or two, so the default is a number of cycles at which a
# leak of a few kilobytes a cycle already shows. GDPR_MEMORY_CYCLES=1000 runs the long one.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(time);

my $cycles = $ENV{GDPR_MEMORY_CYCLES} // 24;
my $warm = $cycles >= 1000 ? 100 : int($cycles / 2);

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = 5s
max_wal_size = 4GB
log_min_messages = fatal
END
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
# The root key is there before the first cycle.
$node->safe_psql('crm', 'CREATE EXTENSION pgcrypto; CREATE EXTENSION gdpr; DROP EXTENSION gdpr');

# With the library in the session from its start, as it is in a pool of connections.
$node->safe_psql('postgres', "ALTER DATABASE crm SET session_preload_libraries = 'gdpr'");

my $cycle = <<'END';
SET client_min_messages = error;
CREATE EXTENSION gdpr;
CREATE TABLE contact (id int PRIMARY KEY, email text NOT NULL UNIQUE, born date, salary numeric(10, 2), extra jsonb);
CREATE TABLE note (id int PRIMARY KEY, contact_id int, body text);
INSERT INTO contact SELECT g, 'u' || g || '@example.it', date '1960-01-01' + g, g, '{}' FROM generate_series(1, 50) g;
INSERT INTO note SELECT g, g, 'body ' || g FROM generate_series(1, 50) g;
SECURITY LABEL FOR gdpr ON TABLE contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.born IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.salary IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.extra IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON TABLE note IS 'owned(contact_id -> contact)';
SECURITY LABEL FOR gdpr ON COLUMN note.body IS 'personal, encrypted';
SELECT count(*) FROM gdpr.plan() \g /dev/null
CALL gdpr.apply();
UPDATE contact SET email = 'x' || email WHERE id % 5 = 0;
SELECT count(*) FROM contact c JOIN note n ON n.contact_id = c.id WHERE c.email < 'u3' AND n.body LIKE 'b%' \g /dev/null
SELECT email FROM contact ORDER BY born DESC, email \g /dev/null
-- Errors belong to a backend's life as well.
\set ON_ERROR_STOP off
\set VERBOSITY terse
SELECT 'gdpr-ciphertext-1:!'::gdpr.encrypted_text;
INSERT INTO contact (id, email) VALUES (900, 'u1@example.it');
\set ON_ERROR_STOP on
SELECT count(*) FROM gdpr.forget('contact', '7', 'cycle') \g /dev/null
DROP TABLE note, contact;
DROP EXTENSION gdpr;
END
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('crm'), '-f', '-' ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(180 + 10 * $cycles));

sub ask
{
	my ($sql) = @_;
	$out = '';
	$in .= "$sql\n\\echo end-of-answer\n";
	$session->pump until $out =~ /end-of-answer/ || !$session->pumpable;
	die "the session ended: $err" unless $out =~ /end-of-answer/;
	return $out =~ s/\n?end-of-answer\n//r;
}

my $pid = ask('SELECT pg_backend_pid();');

# PostgreSQL remembers some things by OID until the backend ends, dropped or not; a foreign key costs two plans a cycle,
# hence there is none above.
my $kept = join ', ', map { "'$_'" } 'CFuncHash', 'Type information cache', 'Sequence values', 'Operator class cache',
  'Operator lookup cache', 'RI constraint cache', 'smgr relation table';

# What is used but for those, what is reserved by all contexts, what the process has for itself (kilobytes).
sub memory
{
	my ($used, $total) = split /\|/,
	  ask("SELECT sum(used_bytes) FILTER (WHERE name NOT IN ($kept)), sum(total_bytes) FILTER (WHERE name NOT IN ($kept)) FROM pg_backend_memory_contexts;");
	my ($resident) = slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m;
	return ($used, $total, $resident);
}

# by_name(): bytes used, by the name of the context.
sub by_name
{
	return map { my ($name, $bytes) = /^(.*)\|(\d+)$/; $name => $bytes } split /\n/,
	  ask('SELECT name, sum(used_bytes) FROM pg_backend_memory_contexts GROUP BY name;');
}

my $began = time;
# The most of the first cycles against the most of the others: the heap may have been returned at any one moment.
my (@before, @after, %names_before);
for my $i (1 .. $cycles)
{
	ask($cycle);
	my @now = memory();
	my $most = $i <= $warm ? \@before : \@after;
	$most->[$_] = max($most->[$_] // 0, $now[$_]) for 0 .. $#now;
	%names_before = by_name() if $i == $warm;
	note(sprintf('cycle %d, %.0f s: used %d, contexts %d, resident %d kB', $i, time - $began, @now)) if $i % ($cycles / 10) == 0;
}
my $more = $cycles - $warm;
my %names_after = by_name();
for my $name (sort { $names_after{$b} - ($names_before{$b} // 0) <=> $names_after{$a} - ($names_before{$a} // 0) } keys %names_after)
{
	my $grown = $names_after{$name} - ($names_before{$name} // 0);
	note("$name: $grown bytes more") if abs $grown > 2000;
}
note(sprintf('%.2f s a cycle', (time - $began) / $cycles));
my ($unexpected) = grep { !/malformed ciphertext literal|duplicate key value|INFO:  using the keyring/ } split /\n/, $err;
is($unexpected, undef, 'every cycle did what it should');

# Noise: caches that grow to the size they need, and a heap that is not returned. PostgreSQL keeps the support functions
# of every operator class that an index ever used, 48 bytes for each of the two that a cycle makes and uses.
my @names = ('memory used in contexts', 'memory of contexts', 'private memory of the process');
my @allowed = (30_000 + 120 * $more, 1_000_000 + 2000 * $more, 4096 + 4 * $more);
for my $i (0 .. $#names)
{
	cmp_ok($after[$i] - $before[$i], '<=', $allowed[$i], "$names[$i]: in $cycles cycles no more than in $warm")
	  or diag(ask('SELECT name, ident, total_bytes, used_bytes FROM pg_backend_memory_contexts ORDER BY used_bytes DESC LIMIT 15;'));
}
is(ask("SELECT count(*) FROM pg_class WHERE relname LIKE 'gdpr%';"), '0', 'and nothing is left of the extension');

$in .= "\\q\n";
$session->finish;
done_testing();
