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

# Attack: the same of tables that are nobody's, and by whatever else reads them first in a session. Before apply(), they succeed.
$node->safe_psql('postgres', <<'SQL');
SECURITY LABEL FOR gdpr ON COLUMN lonely.email IS 'personal';
CREATE ROLE keeper;
ALTER TABLE lonely OWNER TO keeper;
ALTER TABLE lonely ADD id int DEFAULT 1;
ALTER TABLE lonely ADD UNIQUE (id);
CREATE TABLE measured (id int, height int);
INSERT INTO measured SELECT 1, 4711 FROM generate_series(1, 100);
ANALYZE measured;
ALTER TABLE measured OWNER TO keeper;
CREATE TABLE tree (id int, email text) PARTITION BY RANGE (id);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (10);
INSERT INTO tree VALUES (1, 'secret');
SECURITY LABEL FOR gdpr ON COLUMN tree.email IS 'personal';
GRANT ALL ON SCHEMA public TO keeper;
SET ROLE keeper;
CREATE VIEW lonely_view AS SELECT * FROM lonely;
CREATE FUNCTION lonely_function() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM lonely';
CREATE FUNCTION lonely_inlined() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT email FROM lonely';
RESET ROLE;
GRANT ALL ON lonely_view, measured, tree, tree_1 TO late;
SQL
my @first = (
	'SELECT email FROM lonely', 'SELECT l FROM lonely l', 'SELECT row_to_json(l) FROM lonely l', "SELECT 'secret' FROM lonely WHERE email = 'secret'",
	"SELECT 'secret' WHERE EXISTS (SELECT FROM lonely WHERE email < 't')", 'WITH x AS MATERIALIZED (SELECT email FROM lonely) SELECT * FROM x',
	'SELECT email FROM lonely_view', 'SELECT lonely_function()', 'SELECT * FROM lonely_inlined()', 'SELECT max(email) OVER () FROM lonely',
	'COPY lonely TO STDOUT', 'COPY (SELECT email FROM lonely) TO STDOUT', 'SELECT email FROM lonely FOR UPDATE', 'TABLE tree', 'TABLE tree_1',
	'BEGIN; DECLARE c CURSOR FOR SELECT email FROM lonely; FETCH c', 'UPDATE lonely SET id = 1 RETURNING email',
	'INSERT INTO lonely (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 1 RETURNING email', 'DELETE FROM lonely RETURNING email',
	q{DO $$ DECLARE e text; BEGIN SELECT email INTO e FROM lonely; RAISE WARNING '%', e; END $$}, "SELECT (email::int)::text FROM lonely",
	'SELECT height FROM measured', 'EXPLAIN SELECT FROM measured WHERE height < 4800');
my $sees = qr/secret|4711|rows=100 /;
foreach my $sql (@first)
{
	($rc, $out, $err) = $node->psql('postgres', "BEGIN;$sql", extra_params => [ '-U', 'late' ]);
	like("$out$err", $sees, "before apply(), without the library, it succeeds: $sql");
}
$node->psql('postgres', "SELECT gdpr.gate('measured', 'height', 'export', 'hide')", stderr => \$err);
like($err, qr/WARNING:  gates do not hold yet.*Such a session would read public.lonely, public.measured, public.tree, public.tree_1 as it is/s, 'who sets a gate is told of the tables');
$node->safe_psql('postgres', 'CALL gdpr.apply()');
foreach my $sql (@first)
{
	($rc, $out, $err) = $node->psql('postgres', "BEGIN;$sql", extra_params => [ '-U', 'late' ]);
	like($err, qr/has loaded gdpr too late|planned before the gates/, "after it, it is an error: $sql");
	unlike("$out$err", $sees, 'and tells nothing');
	($rc, $out, $err) = $node->psql('postgres', "SELECT FROM lonely;\nBEGIN;\n$sql", extra_params => [ '-U', 'late' ], on_error_stop => 0);
	unlike("$out$err", $sees, 'nor once the library is loaded');
}
is($node->safe_psql('postgres', 'SELECT email FROM lonely'), 'secret', 'nothing was changed');
# Attack: conditions that come before the policy's, on a person's own table: an error where there is a row, nothing where there is none.
foreach my $sql ("SELECT FROM person WHERE email = 'secret\@example.com'", "SELECT FROM person WHERE email = 'none'", 'EXPLAIN SELECT FROM person WHERE id > 5')
{
	($rc, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', 'late' ]);
	like($err, qr/has loaded gdpr too late/, "an error, whatever there is: $sql");
}
# Whom no rule concerns notices nothing.
$node->safe_psql('postgres', "CREATE ROLE plain LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain; ALTER ROLE plain SET session_preload_libraries = 'auto_explain'");
is(join(' ', $node->psql('postgres', 'SELECT email FROM lonely', extra_params => [ '-U', 'plain' ])), '0 secret ', 'an ungated role reads on without the library');
# A session from before the extension, as a pool keeps them.
$node->safe_psql('postgres', 'CREATE DATABASE pooled');
$node->safe_psql('pooled', "CREATE TABLE t (email text); INSERT INTO t VALUES ('secret'); GRANT SELECT ON t TO tool");
my $pooled = Session->new($node, 'pooled');
$pooled->query('SET SESSION AUTHORIZATION tool');
is($pooled->query('SELECT email FROM t'), 'secret', 'a session before the extension');
is($pooled->query('PREPARE p AS SELECT email FROM t'), '', 'prepares a statement');
is($pooled->query('EXECUTE p'), 'secret', 'and runs it');
$node->safe_psql('pooled', <<'SQL');
CREATE EXTENSION gdpr CASCADE;
SECURITY LABEL FOR gdpr ON COLUMN t.email IS 'personal';
SELECT gdpr.gate('personal', 'export', 'hide'), gdpr.assign_channel('tool', 'export');
CALL gdpr.apply();
SQL
like($pooled->query('EXECUTE p'), qr/too late|planned before/, 'the prepared statement is refused');
is($pooled->query('EXECUTE p'), '', 'and is gated from then on');
is($pooled->query('SELECT email FROM t'), '', 'as all others are');

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
is( $node->safe_psql('again', 'SELECT class, relation, column_name, channel, action FROM gdpr.gate_rules ORDER BY 4, 1, 2'),
	"|person|note|api|deny\npersonal|||export|hide\n|measured|height|export|hide", 'with its rules');
is($node->safe_psql('again', 'SELECT count(*) FROM gdpr.plan()'), '0', 'and policies');
($rc, $out, $err) = $node->psql('again', 'SELECT email FROM person', extra_params => [ '-U', 'tool' ]);
is($out, '', 'which hold');

# The way back.
$node->psql('again', 'DROP EXTENSION gdpr', stderr => \$err);
like($err, qr/policy gdpr_gate on table lonely depends on/, 'the extension is not dropped by accident');
$node->safe_psql('again', 'ALTER TABLE person DROP COLUMN sealed; DROP EXTENSION gdpr CASCADE');
is($node->safe_psql('again', "SELECT string_agg(polname || ' ' || polpermissive, ',') FROM pg_policy WHERE polrelid = 'lonely'::regclass"), 'gdpr_default true', 'with it go its conditions');
($rc, $out, $err) = $node->psql('again', 'SELECT email FROM lonely', extra_params => [ '-U', 'plain' ]);
is($out, 'secret', 'and rows are seen as before');
done_testing();
