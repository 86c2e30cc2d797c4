# The machine stops in the middle of apply() and of forget(): afterwards all of it is there, or nothing.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
# After a backend is killed the postmaster must start all others anew.
$node->append_conf('postgresql.conf', "restart_after_crash = on\nlog_min_messages = warning");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql(
	'crm', q{
CREATE EXTENSION gdpr CASCADE;
CREATE ROLE officer LOGIN;
GRANT gdpr_officer, gdpr_admin TO officer;
CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL);
CREATE TABLE visit (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person, place text);
CREATE INDEX ON visit (person_id);
INSERT INTO person SELECT g, 'p' || g || '@example.it' FROM generate_series(1, 200) g;
INSERT INTO visit SELECT g, 1 + g % 200, 'place ' || g FROM generate_series(1, 2000) g;
});

# What the database is like, in one line.
sub state_of
{
	return $node->safe_psql(
		'crm', q{
SELECT string_agg(format('%s.%s %s', a.attrelid::regclass, a.attname, a.atttypid::regtype), ', ' ORDER BY a.attrelid::regclass::text, a.attnum)
  FROM pg_attribute a WHERE a.attrelid IN ('person'::regclass, 'visit'::regclass) AND a.attname IN ('email', 'place');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'gdpr%' AND tgparentid = 0;
SELECT count(*) FROM pg_policy;
SELECT count(*), md5(string_agg(p::text, ',' ORDER BY id)) FROM person p;
SELECT count(*), md5(string_agg(v::text, ',' ORDER BY id)) FROM visit v;
});
}

# Runs $sql as $role until it waits for the lock that $lock, in another session, holds; then calls $kill with its
# process id.
sub strike
{
	my ($role, $lock, $sql, $kill) = @_;
	my $blocker = Session->new($node, 'crm');
	is($blocker->query("BEGIN; $lock"), '', 'somebody holds a lock');
	my $victim = Session->new($node, 'crm', "user=$role application_name=victim");
	my $pid = $victim->query('SELECT pg_backend_pid()');
	$victim->send($sql);
	$node->poll_query_until('crm', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid")
	  or die 'the victim does not wait';
	$kill->($pid);
	$_->quit for $victim, $blocker;
	return;
}

sub kill_backend
{
	my ($pid) = @_;
	kill 'KILL', $pid;
	$node->poll_query_until('crm', 'SELECT true') or die 'the server does not come back';
	return;
}

# The postmaster's children go when they notice; until then no other can take its place.
sub kill_postmaster
{
	my @children = split /\n/, $node->safe_psql('crm', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
	$node->kill9;
	for (1 .. 3000)
	{
		last unless kill 0, @children;
		select undef, undef, undef, 0.01;
	}
	$node->start;
	return;
}

$node->safe_psql(
	'crm', q{
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN visit.place IS 'personal, encrypted';
});

# apply() has rewritten person when it comes to visit, which somebody reads.
my $before = state_of();
my @apply = ('officer', 'LOCK TABLE visit IN ACCESS SHARE MODE', 'CALL gdpr.apply()');
strike(@apply, \&kill_backend);
is(state_of(), $before, 'a backend killed in the middle of apply() leaves nothing behind');
strike(@apply, \&kill_postmaster);
is(state_of(), $before, 'nor does a postmaster killed in the middle of apply()');
$node->safe_psql('crm', 'SET ROLE officer; CALL gdpr.apply()');
kill_postmaster();
my $applied = state_of();
like($applied, qr/person\.email gdpr\.encrypted_text, visit\.place gdpr\.encrypted_text/,
	'after apply() has returned all of it survives');
is($node->safe_psql('crm', 'SELECT count(*) FROM gdpr.plan()'), '0', 'and nothing is left to do');
is($node->safe_psql('crm', "SELECT id FROM person WHERE email = 'p7\@example.it'"), '7', 'and the key is there to read it');

# forget() has deleted all rows when it comes to the receipt, which somebody else keeps from being written.
my @forget = (
	'officer',
	'LOCK TABLE gdpr.erasure IN SHARE MODE',
	"SELECT * FROM gdpr.forget('person', '7', 'crash')");
$before = state_of();
my $others = q{SELECT (SELECT count(*) FROM gdpr.erasure), (SELECT count(*) FROM gdpr.blocklist),
	(SELECT count(*) FROM gdpr.audit_log WHERE key = '7')};
my $others_before = $node->safe_psql('crm', $others);
strike(@forget, \&kill_backend);
is(state_of(), $before, 'a backend killed in the middle of forget() leaves the person as they were');
is($node->safe_psql('crm', $others), $others_before, 'no receipt, no blocklist entry, no scrubbed record');
strike(@forget, \&kill_postmaster);
is(state_of(), $before, 'nor does a postmaster killed in the middle of forget() change anything');
is($node->safe_psql('crm', $others), $others_before, 'nor the receipts');
$node->safe_psql('crm', q{SET ROLE officer; SELECT * FROM gdpr.forget('person', '7', 'crash')});
kill_postmaster();
is($node->safe_psql('crm', 'SELECT (SELECT count(*) FROM person WHERE id = 7) + (SELECT count(*) FROM visit WHERE person_id = 7)'),
	'0', 'after forget() has returned the person is gone for good');
is($node->safe_psql('crm', q{SET ROLE officer; SELECT count(*) FROM gdpr.verify_forgotten('person', '7')}), '0',
	'and nothing of them is left');

$node->stop;
done_testing();
