# Gates across sessions: in force at the next statement; a library that is missing, late, or not the last; rules in a dump.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Cwd qw(abs_path);
use File::Basename;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('gate_sessions');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION gdpr CASCADE;
CREATE ROLE tool LOGIN;
CREATE ROLE late LOGIN;
CREATE TABLE person (id int PRIMARY KEY, email text, sealed gdpr.encrypted_text, note text);
INSERT INTO person VALUES (1, 'secret@example.it', 'secret too', 'x');
CREATE TABLE lonely (email text);
INSERT INTO lonely VALUES ('secret');
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN person.sealed IS 'personal, encrypted';
CALL gdpr.apply('person');
GRANT ALL ON person, lonely TO tool, late;
SQL

# A running session: the rule, the role, the label, each at its next statement.
my $tool = Session->new($node, 'postgres');
my $admin = Session->new($node, 'postgres');
$tool->query('SET SESSION AUTHORIZATION tool');
my $read = 'SELECT email FROM person';
is($tool->query("PREPARE p AS $read"), '', 'a statement is prepared');
is($tool->query('EXECUTE p') , 'secret@example.it', 'before the gate it tells');
is($tool->query('BEGIN'), '', 'in a transaction');
is($tool->query($read), 'secret@example.it', 'too');
$admin->query("SELECT gdpr.assign_channel('tool', 'export')");
$admin->query("SELECT gdpr.gate('personal', 'export', 'hide')");
is($tool->query($read), '', 'the next statement of the same transaction is gated');
is($tool->query('COMMIT'), '', 'it ends');
is($tool->query('EXECUTE p'), '', 'the prepared one is gated');
$admin->query("SELECT gdpr.gate('personal', 'export', 'mask')");
is($tool->query('EXECUTE p'), 's*****@*******.it', 'another action');
$admin->query("SELECT gdpr.assign_channel('tool', NULL)");
is($tool->query('EXECUTE p'), 'secret@example.it', 'out of the channel');
$admin->query('CREATE ROLE tools');
$admin->query("SELECT gdpr.assign_channel('tools', 'export')");
$admin->query('GRANT tools TO tool');
is($tool->query('EXECUTE p'), 's*****@*******.it', 'in it by a membership');
$admin->query('REVOKE tools FROM tool');
is($tool->query('EXECUTE p'), 'secret@example.it', 'and out again');
$admin->query('GRANT tools TO tool, late');
is($tool->query('SELECT note FROM person'), 'x', 'what has no label is shown');
$admin->query("SECURITY LABEL FOR gdpr ON COLUMN person.note IS 'personal'");
is($tool->query('SELECT note FROM person'), '*', 'until it has one');
$admin->query('SECURITY LABEL FOR gdpr ON COLUMN person.note IS NULL');
is($tool->query('SELECT note FROM person'), 'x', 'and after');
is($tool->query('BEGIN'), '', 'a transaction');
is($tool->query('DECLARE c CURSOR FOR SELECT note FROM person'), '', 'with a cursor');
$admin->query("SECURITY LABEL FOR gdpr ON COLUMN person.note IS 'personal'");
like($tool->query('FETCH c'), qr/planned before the gates/, 'a cursor from before the label is refused');
$tool->query('ROLLBACK');

$node->safe_psql('postgres', "SELECT gdpr.gate('personal', 'export', 'hide')");
my ($rc, $out, $err);

# Attack: a session without the library, by a setting of the role
$node->safe_psql('postgres', "ALTER ROLE late SET session_preload_libraries = 'auto_explain'");
foreach my $sql ('SELECT email FROM person', 'SELECT sealed FROM person', 'SELECT p FROM person p', "SELECT id FROM person WHERE sealed = 'secret too'")
{
	($rc, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', 'late' ]);
	like($err, qr/has loaded gdpr too late|planned before the gates/, "no library: $sql is an error");
	unlike($out, qr/secret|^1$/, 'and tells nothing');
	($rc, $out, $err) = $node->psql('postgres', "SELECT 1 FROM person;\n$sql", extra_params => [ '-U', 'late' ], on_error_stop => 0);
	unlike("$out$err", qr/secret|^1$/, 'nor once it is loaded');
}
# Attack: a statement prepared before the library is there
($rc, $out, $err) = $node->psql('postgres', "PREPARE p AS SELECT email FROM person;\nSELECT id FROM person;\nEXECUTE p;", extra_params => [ '-U', 'late' ], on_error_stop => 0);
unlike($out, qr/secret/, 'a plan from before the library is not run');
is($node->safe_psql('postgres', 'SELECT email FROM person'), 'secret@example.it', 'a superuser reads on');

# Attack: another library takes the planner's hook for itself
my $module = abs_path(dirname(__FILE__) . '/../wall') . '/wall';
$node->safe_psql('postgres', "CREATE FUNCTION take_planner() RETURNS void AS '$module', 'wall_take_planner' LANGUAGE C");
($rc, $out, $err) = $node->psql('postgres', "SELECT take_planner();\nSET SESSION AUTHORIZATION tool;\nSELECT email FROM person;\nSELECT id FROM person WHERE email LIKE 's%';", on_error_stop => 0);
like($err, qr/another library has taken the planner's hook/, 'what was not planned by gates is not run');
unlike($out, qr/secret|^1$/, 'and tells nothing');

# A dump keeps the rules.
$node->safe_psql('postgres', "SELECT gdpr.gate('person', 'note', 'api', 'deny')");
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dumped by a superuser');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'psql', '-Xq', '-f', $dump, $node->connstr('again') ], 'restored');
is( $node->safe_psql('again', 'SELECT class, relation, column_name, channel, action FROM gdpr.gate_rules ORDER BY 4'),
	"|person|note|api|deny\npersonal|||export|hide", 'with its rules');
($rc, $out, $err) = $node->psql('again', 'SELECT email FROM person', extra_params => [ '-U', 'tool' ]);
is($out, '', 'which hold');
done_testing();
