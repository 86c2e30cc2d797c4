# A whole server moved: pg_upgrade, with the files linked, and pg_dumpall.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use File::Copy;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
# Autovacuum's ANALYZE seals statistics, which counts as use.
$old->append_conf('postgresql.conf', 'autovacuum = off');
$old->start;
$old->safe_psql('postgres', 'CREATE DATABASE crm');
$old->safe_psql('crm', q{
CREATE EXTENSION gdpr CASCADE;
CREATE ROLE app LOGIN; CREATE ROLE dba LOGIN; GRANT gdpr_admin TO dba;
CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, age numeric(5,1), extra jsonb);
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.age IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.extra IS 'personal, encrypted';
CALL gdpr.apply();
ALTER TABLE person ALTER email SET DEFAULT 'nobody@example.it', ADD CHECK (age > 0);
CREATE VIEW grown AS SELECT id FROM person WHERE age >= 18;
CREATE TABLE parted (name gdpr.encrypted_text, n int) PARTITION BY LIST (name);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a', 'b');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
CREATE TABLE hashed (name gdpr.encrypted_text) PARTITION BY HASH (name);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE indexed (name gdpr.encrypted_text);
CREATE INDEX ON indexed USING hash (name);
SECURITY LABEL FOR gdpr ON COLUMN parted.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN hashed.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN indexed.name IS 'personal, encrypted';
CALL gdpr.apply();
GRANT SELECT, INSERT ON person TO app;
INSERT INTO person SELECT g, 'p' || g || '@example.it', g, '{"n": 1}' FROM generate_series(1, 100) g;
INSERT INTO parted VALUES ('a', 1), ('x', 2);
INSERT INTO hashed SELECT g FROM generate_series(1, 20) g;
INSERT INTO indexed SELECT g FROM generate_series(1, 20) g;
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('newsletter', 'our news', 'consent');
SELECT gdpr.give_consent('person', '1', 'newsletter', '{"wording": "yes"}');
SELECT gdpr.restrict('person', '2', 'contested');
});
my $state = q{
SELECT count(*), md5(string_agg(p::text, ',' ORDER BY id)) FROM person p;
SELECT id FROM person WHERE email = 'p7@example.it';
SELECT count(*) FROM grown;
SELECT tableoid::regclass, name FROM parted ORDER BY n;
SELECT tableoid::regclass, name FROM hashed WHERE name IN ('3', '4', '5') ORDER BY name;
SET enable_seqscan = off; SELECT name FROM indexed WHERE name = '9';
SELECT gdpr.has_consent('person', '1', 'newsletter');
SELECT operation, new ->> 'email' FROM gdpr.audit_log WHERE key = '7';
SELECT count(*) FROM gdpr.plan();
};
my $before = $old->safe_psql('crm', $state);
like($before, qr/^100\|/, 'before');
my $uses = 'SELECT (SELECT last_value FROM gdpr.key_use_few), (SELECT last_value FROM gdpr.key_use_many)';
my $used = $old->safe_psql('crm', $uses);
my $keyring = $old->data_dir . '.gdpr-keyring';

sub server
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', 'autovacuum = off');
	copy($keyring, $node->data_dir . '.gdpr-keyring') or die $!;
	chmod 0600, $node->data_dir . '.gdpr-keyring';
	return $node;
}

sub goes_on
{
	my ($node, $name) = @_;
	is($node->safe_psql('crm', $state), $before, "$name: everything is as before");
	is($node->safe_psql('crm', 'SELECT count(*) FROM person', extra_params => [ '-U', 'app' ]), '99', "$name: a restriction is in force");
	is($node->safe_psql('crm', q{INSERT INTO person (id, age) VALUES (1000, 5) RETURNING email}, extra_params => [ '-U', 'app' ]), 'nobody@example.it', "$name: the application writes on");
	is($node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data' AND state = 'active'"), '1', "$name: one data key is active");
	is($node->safe_psql('crm', "CALL gdpr.rotate_data_key(); DELETE FROM person WHERE id = 1000; $state"), $before, "$name: keys are rotated");
	return;
}

# ---- pg_dumpall ------------------------------------------------------------

my $dump = $old->basedir . '/all.sql';
$old->command_ok([ 'pg_dumpall', '--no-sync', '-d', $old->connstr('postgres'), '-f', $dump ], 'pg_dumpall');
unlike(slurp_file($dump), qr/p7\@example/, 'holds no plaintext');
my $copied = server('copied');
$copied->start;
my ($out, $err) = run_command([ 'psql', '-Xq', '-o', '/dev/null', '-d', $copied->connstr('postgres'), '-f', $dump ]);
is(join("\n", grep { !/INFO:  using the keyring|role "\S+" already exists/ } split /\n/, $err), '', 'restored');
goes_on($copied, 'pg_dumpall');
$copied->stop;

# Without the keyring: said at once, by provider, and nothing of the tables is there.
my $bare = PostgreSQL::Test::Cluster->new('bare');
$bare->init;
$bare->start;
(undef, $err) = run_command([ 'psql', '-Xq', '-o', '/dev/null', '-d', $bare->connstr('postgres'), '-f', $dump ]);
like($err, qr/ERROR:  (key [0-9a-f]{8} is not in the keyring|root key of epoch 1 does not open key [0-9a-f]{8})/, 'without the keyring: a clear error');
is($bare->safe_psql('crm', 'SELECT count(*) FROM indexed'), '0', 'and no value is loaded');
$bare->stop;

# ---- pg_upgrade ------------------------------------------------------------

$old->stop;
my $new = server('new');
my $bindir = $old->config_data('--bindir');
chdir $old->basedir or die $!;
my $upgraded = IPC::Run::run(
	[ "$bindir/pg_upgrade", '--no-sync', '--link', '-U', $ENV{PGUSER} // scalar getpwuid($<), '-b', $bindir, '-B', $bindir, '-d', $old->data_dir, '-D', $new->data_dir, '-p', $old->port, '-P', $new->port, '-s', $new->host ],
	'>', \$out, '2>&1');
if (!ok($upgraded, 'pg_upgrade --link'))
{
	diag($out);
	diag(slurp_file($_)) foreach glob($new->data_dir . '/pg_upgrade_output.d/*/log/*.log');
}
$new->start;
# What PostgreSQL 17 restores is sealed after the sequences are set, and so counts once more.
my ($few, $many) = split /\|/, $used;
my ($few_now, $many_now) = split /\|/, $new->safe_psql('crm', $uses);
ok($few_now >= $few && $many_now >= $many && $few > 0, 'pg_upgrade: uses are counted on');
goes_on($new, 'pg_upgrade');
$new->stop;
done_testing();
