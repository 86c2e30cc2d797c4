# A session that was there before CREATE EXTENSION, one that comes after, and one after DROP EXTENSION.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('sessions');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm',
	"CREATE TABLE person (id int PRIMARY KEY, email text); INSERT INTO person VALUES (1, 'a\@example.it')");

# run($name, $sql): what an open psql answers, output and errors together.
my %sessions;

sub open_session
{
	my ($name) = @_;
	$sessions{$name} = Session->new($node, 'crm');
	return;
}

sub run
{
	my ($name, $sql) = @_;
	return $sessions{$name}->query($sql);
}

open_session('early');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr CASCADE');
open_session('late');

is(run('late', "SHOW gdpr.output"), 'auto', 'a new session has the library from the start');
is( run('early', "SECURITY LABEL FOR gdpr ON TABLE person IS 'subject'"),
	'', 'a session that predates the extension can label: the guard of what apply() makes has loaded the library');
is(run('late', "SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted'"), '', 'a new one can');
is(run('late', "CALL gdpr.apply('person')"), '', 'and apply');
is(run('early', 'SELECT email FROM person'), 'a@example.it', 'the early session reads the encrypted column');
is(run('early', "SELECT id FROM person WHERE email = 'a\@example.it'"), '1', 'and searches it');
is(run('early', "INSERT INTO person VALUES (2, 'b\@example.it')"), '', 'and writes it');
is(run('late', 'SELECT email FROM person ORDER BY email DESC LIMIT 1'), 'b@example.it', 'which the other reads');
like(
	run('late', "SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, nonsense'"),
	qr/unknown word "nonsense"/,
	'the grammar is checked where the library is');

# A relabelling is known to every session at its next statement.
is(run('late', "SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal'"), '', 'relabel');
like(run('early', 'SELECT action FROM gdpr.plan()'), qr/decrypt columns/, 'another session plans by the new label');
is(run('early', "CALL gdpr.apply('person')"), '', 'and enforces it');
is(run('late', 'SELECT pg_typeof(email) FROM person LIMIT 1'), 'text', 'as the first one sees');

# DROP EXTENSION takes the library out of the database's sessions, others' libraries stay.
$node->safe_psql('crm', "ALTER DATABASE crm SET session_preload_libraries = 'auto_explain', 'gdpr'");
$node->safe_psql('crm', 'DROP EXTENSION gdpr CASCADE');
is($node->safe_psql('crm', 'SHOW session_preload_libraries'), 'auto_explain', 'the other library stays');
is($node->safe_psql('crm', 'SELECT count(*) FROM person'), '2', 'the table is readable without the extension');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr');
like($node->safe_psql('crm', 'SHOW session_preload_libraries'), qr/auto_explain, gdpr/, 'and back beside it');

# With shared_preload_libraries too.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'gdpr'");
$node->restart;
is($node->safe_psql('crm', "SELECT 'x'::gdpr.encrypted_text = 'x'"), 't', 'works from shared_preload_libraries');
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'and harms no database without the extension');

$_->quit for values %sessions;
done_testing();
