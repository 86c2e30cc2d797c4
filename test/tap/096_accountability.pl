# Requests and breaches by real logins: whose act it was, dump and restore, the end of a subject table's people, and where
# the keyring lies.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('accountability');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr CASCADE');
$node->safe_psql('crm', q{
	CREATE ROLE olga LOGIN IN ROLE gdpr_officer;
	CREATE ROLE otto LOGIN IN ROLE gdpr_officer;
	CREATE ROLE web LOGIN;
	CREATE TABLE person (email text PRIMARY KEY, name text);
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	CALL gdpr.apply();
	GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON person TO web;
	INSERT INTO person SELECT 'p' || g || '@example.it', 'name ' || g FROM generate_series(1, 5) g;
});

# as($role, $sql): output and errors, in a session of its own.
sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('crm', $sql, extra_params => [ '-U', $role ], on_error_stop => 0);
	$err =~ s/^psql:<stdin>:\d+: //gm;
	return join "\n", grep { $_ ne '' } $out, $err;
}

# ---- Each act is that of whoever was logged in ------------------------------

as('olga', q{INSERT INTO gdpr.public_holiday VALUES ('2026-12-25', 'Christmas'); INSERT INTO gdpr.controller (name, contact, time_zone) VALUES ('Shop', 'Rome', 'Europe/Rome')});
my $access = as('olga', q{SELECT gdpr.open_request('access', 'person', 'p1@example.it', contact => 'secret-contact@example.net', details => '{"text": "secret-words"}')});
my $erasure = as('otto', q{SELECT gdpr.open_request('erasure', NULL, NULL, contact => 'secret-stranger, 5th floor', way => 'letter')});
like("$access $erasure", qr/^\d+ \d+$/, 'requests are opened');
is(as('otto', "SELECT gdpr.verify_identity($access, 'secret-passport')"), '', 'who asks is verified');
is($node->safe_psql('crm', "SELECT string_agg(event || ' ' || role, ', ' ORDER BY id) FROM gdpr.request_event WHERE request = $access"),
	'received olga, verified otto', 'the history names them');
like(as('web', "SELECT gdpr.fulfil_request($access)"), qr/permission denied for function fulfil_request/, 'Attack: the application answers');
like(as('olga', "UPDATE gdpr.request SET due_at = 'infinity'"), qr/permission denied/, 'Attack: an officer moves the due date');
like(as('olga', "DELETE FROM gdpr.request_event"), qr/permission denied/, 'Attack: an officer rewrites the history');
like(as('olga', "INSERT INTO gdpr.request_event (request, event) VALUES ($access, 'fulfilled')"), qr/permission denied/, 'Attack: an officer invents an answer');
my $breach = as('olga', q{SELECT gdpr.open_breach('secret-nature', now(), tstzrange(now() - interval '1 day', NULL), 'web')});
as('web', q{UPDATE person SET name = 'x' WHERE email = 'p4@example.it'});
is(as('otto', "SELECT subjects_logged FROM gdpr.breach_scope($breach) WHERE relation = 'person'::regclass"), '1', 'by the role that was logged in');
is(as('otto', "SELECT gdpr.tell_breach_subjects($breach)"), '1', 'told');
unlike(slurp_file($node->logfile), qr/ERROR:.*(p1\@|secret-)/, 'no error in the log names anybody');

# ---- Dump and restore -------------------------------------------------------

my $state = q{
	SELECT id, kind, subject_table, key::text, way, contact::text, details::jsonb, state, received_at, due_at, verified_at, duplicate_of FROM gdpr.request ORDER BY id;
	SELECT request, event, note::text, at, role FROM gdpr.request_event ORDER BY id;
	SELECT * FROM gdpr.breach_register;
	SELECT breach, subject_table, key::text FROM gdpr.breach_notice ORDER BY 3;
	SELECT * FROM gdpr.public_holiday;
	SELECT name, time_zone FROM gdpr.controller;
};
my $before = $node->safe_psql('crm', $state);
like($before, qr/secret-contact.*secret-nature/s, 'the database before');
my $dump = $node->basedir . '/crm.dump';
my $text = $node->basedir . '/crm.sql';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('crm') ], 'pg_dump');
$node->command_ok([ 'pg_dump', '-f', $text, $node->connstr('crm') ], 'pg_dump as text');
unlike(slurp_file($text), qr/secret-|p1\@example/, 'no plaintext in the dump');
foreach my $jobs (1, 4)
{
	my $name = "crm$jobs";
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-j', $jobs, '-d', $node->connstr($name), $dump ], "pg_restore, $jobs at once");
	is($node->safe_psql($name, $state), $before, 'everything is as before');
	is($node->safe_psql($name, "SELECT gdpr.open_request('access', 'person', 'p2\@example.it') > $erasure"), 't', 'and goes on');
}

# ---- People who go all at once ----------------------------------------------

as('web', 'TRUNCATE person');
is($node->safe_psql('crm', "SELECT state, key::text, contact::text FROM gdpr.request WHERE id = $access"), 'open||secret-contact@example.net', 'whoever asked is still to be answered');
is($node->safe_psql('crm', 'SELECT count(*) FROM gdpr.breach_notice WHERE key IS NOT NULL'), '0', 'nobody is named in the notices');
is(as('olga', "SELECT gdpr.fulfil_request($access, 'handed', 'nothing is held any more')"), 'fulfilled', 'and is');

# ---- The keyring in the wrong place -----------------------------------------

my $where = "SELECT severity FROM gdpr.advice WHERE object = 'setting gdpr.keyring_file'";
isnt($node->safe_psql('crm', $where), 'critical', 'beside the data directory');
my $ring = $node->data_dir . '.gdpr-keyring';
mkdir $node->data_dir . '/keys' or die $!;
rename $ring, $node->data_dir . '/keys/ring' or die $!;
symlink $node->data_dir . '/keys', $node->basedir . '/keys' or die $!;
$node->append_conf('postgresql.conf', "gdpr.keyring_file = '" . $node->basedir . "/keys/ring'");
$node->reload;
is($node->safe_psql('crm', $where), 'critical', 'in it, by way of a link');

$node->stop;
done_testing();
