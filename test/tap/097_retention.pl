# Bases, consent and retention where it takes more than one session: interruption, locks, crash, dump and restore.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('retention');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
my $rows = 30000;
$node->safe_psql('crm', qq{
	SET client_min_messages = error;
	CREATE EXTENSION gdpr CASCADE;
	CREATE ROLE officer LOGIN IN ROLE gdpr_officer;
	CREATE ROLE owner LOGIN;
	CREATE ROLE app LOGIN;
	CREATE SCHEMA s AUTHORIZATION owner;
	SET ROLE owner;
	CREATE TABLE s.person (id int PRIMARY KEY, email text);
	CREATE TABLE s.visit (id int PRIMARY KEY, person_id int REFERENCES s.person, day timestamptz, note text);
	CREATE INDEX visit_day ON s.visit (day);
	CREATE TABLE s.note (id int PRIMARY KEY, person_id int REFERENCES s.person, day timestamptz);
	SECURITY LABEL FOR gdpr ON TABLE s.person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN s.person.email IS 'personal, identifier';
	SECURITY LABEL FOR gdpr ON TABLE s.visit IS 'expires(day, 1 year)';
	SECURITY LABEL FOR gdpr ON TABLE s.note IS 'expires(day)';
	GRANT USAGE ON SCHEMA s TO app, officer;
	GRANT ALL ON ALL TABLES IN SCHEMA s TO app;
	INSERT INTO s.person SELECT g, 'p' || g || '\@example.it' FROM generate_series(1, 1000) g;
	INSERT INTO s.visit SELECT g, 1 + g % 1000, now() - interval '2 years' + g * interval '1 second', 'x' FROM generate_series(1, $rows) g;
	INSERT INTO s.visit SELECT $rows + g, 1 + g % 1000, now(), 'x' FROM generate_series(1, 1000) g;
	INSERT INTO s.note SELECT g, 1 + g % 1000, now() - interval '1 day' FROM generate_series(1, 5000) g;
	RESET ROLE;
	CALL gdpr.apply();
	ANALYZE s.visit, s.note;
});

sub officer
{
	my ($sql) = @_;
	return $node->safe_psql('crm', $sql, connstr => $node->connstr('crm') . ' user=officer');
}
sub left { return $node->safe_psql('crm', "SELECT count(*) FROM s.$_[0] WHERE day < now() - interval '1 hour'") }

# Whom somebody restricts, and what somebody has locked, expire neither touches nor waits for.
officer(q{SELECT gdpr.restrict('s.person', '7', 'disputes it')});
officer(q{SELECT gdpr.hold('s.person', '8', 'claim')});
my $app = Session->new($node, 'crm', 'user=app');
$app->query('BEGIN');
$app->query('SELECT id FROM s.visit WHERE id IN (100, 200) FOR UPDATE');

# Interrupted, what it did stays done, and its receipt says how much.
my $session = Session->new($node, 'crm', 'user=officer');
my $pid = $session->query('SELECT pg_backend_pid()');
$session->send('CALL gdpr.expire()');
$node->poll_query_until('crm', 'SELECT coalesce(sum(rows), 0) > 4000 FROM gdpr.expiry') or die 'nothing goes';
$node->safe_psql('crm', "SELECT pg_cancel_backend($pid)");
my $said = $session->answer;
my $in_between = left('visit');
SKIP: {
	skip 'it was through before it was canceled', 1 if $said !~ /canceling/;
	like($said, qr/canceling statement due to user request/, 'interrupted');
}
is($node->safe_psql('crm', q{SELECT coalesce(sum(rows), 0) FROM gdpr.expiry WHERE relation = 's.visit'::regclass}),
	$rows - $in_between, 'the receipt says what went, and no more');

# The server crashes in the middle of the next.
$session->send('CALL gdpr.expire()');
$node->stop('immediate');
$session->quit;
$app->quit;
$node->start;
is($node->safe_psql('crm', q{SELECT coalesce(sum(rows), 0) FROM gdpr.expiry WHERE relation = 's.visit'::regclass}),
	$rows - left('visit'), 'after a crash the receipts say what went');

$app = Session->new($node, 'crm', 'user=app');
$app->query('BEGIN');
$app->query('UPDATE s.visit SET note = note WHERE id IN (100, 200)');
my $locked = $node->safe_psql('crm', 'SELECT count(*) FROM s.visit WHERE id IN (100, 200)');
officer('SET statement_timeout = 120000; CALL gdpr.expire()');
is(left('visit'), $rows / 1000 * 2 + $locked, 'restricted, held and locked rows are left, everything else is gone');
is(left('note'), 5 * 2, 'without an index too');
$app->query('COMMIT');
officer('CALL gdpr.expire()');
is($node->safe_psql('crm', 'SELECT count(*) FROM s.visit WHERE id IN (100, 200)'), 0, 'what was locked goes the next time');
cmp_ok($node->safe_psql('crm', q{SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'visit_day'}), '>', 0, 'by the index');
is($node->safe_psql('crm', q{SELECT count(*) FROM s.visit WHERE day > now() - interval '1 hour'}), 1000, 'what has time left stays');

# Attack: an officer with a ground, or a superuser whose session works for a purpose, does not reach further.
officer(q{SELECT gdpr.state_ground('legal_claims', 'attack')});
$node->safe_psql('crm', q{INSERT INTO gdpr.purpose (name, description, basis) VALUES ('news', 'news', 'consent')});
$node->safe_psql('crm', q{SET gdpr.purpose = 'news'; CALL gdpr.expire()});
is(left('visit'), $rows / 1000 * 2, 'restricted people are out of reach of a superuser\'s call');
$node->safe_psql('crm', q{CALL gdpr.run_due_work('expire')});
is(left('visit'), $rows / 1000 * 2, 'and of the job');
officer(q{SELECT gdpr.unrestrict('s.person', '7', 'settled'); SELECT gdpr.release('s.person', '8')});
$node->safe_psql('crm', q{CALL gdpr.run_due_work('expire')});
is(left('visit') + left('note'), 0, 'lifted, the job finishes');

# A basis set in one session binds another's open transaction; a dump takes everything along.
officer(q{SELECT gdpr.set_basis('s.person', '1', 'news', 'contract', 'bought it')});
officer(q{SELECT gdpr.give_consent('s.person', '2', 'news', '{"wording": "I want the news", "version": "3"}')});
officer(q{SELECT gdpr.record_notice('s.person', '2', 'privacy notice 4')});
$app->query(q{SET gdpr.purpose = 'news'});
$app->query('BEGIN');
is($app->query(q{SELECT string_agg(id::text, ',' ORDER BY id) FROM s.person}), '1,2', 'those with a basis');
officer(q{SELECT gdpr.set_basis('s.person', '3', 'news', 'contract', 'bought it too')});
officer(q{SELECT gdpr.withdraw_consent('s.person', '2', 'news')});
is($app->query(q{SELECT string_agg(id::text, ',' ORDER BY id) FROM s.person}), '1,3', 'at the next statement');
$app->query('COMMIT');
$app->quit;
my $proof = officer(q{SELECT gdpr.consent_proof('s.person', '2', 'news')});
my $dump = $node->basedir . '/crm.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('crm') ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', $node->connstr('copy'), $dump ], 'and its restore');
for my $what (q{SELECT string_agg(scope || coalesce(key::text, '') || purpose || basis || note, ',' ORDER BY key::text) FROM gdpr.basis},
	q{SELECT string_agg(relation::text || action || rows, ',' ORDER BY id) FROM gdpr.expiry},
	q{SELECT string_agg(key::text || document, ',' ORDER BY id) FROM gdpr.notice},
	q{SELECT string_agg(encode(wording_sha256, 'hex'), ',' ORDER BY id) FROM gdpr.consent_event},
	q{SELECT count(*) FROM gdpr.plan()})
{
	is($node->safe_psql('copy', $what), $node->safe_psql('crm', $what), 'restored as it was');
}
is($node->safe_psql('copy', "SELECT gdpr.verify_consent_proof(\$\$$proof\$\$)"), 't', 'a proof verifies in the copy');
# Attack: without the keyring nobody makes one.
$proof =~ s/I want the news/I want everything/;
is($node->safe_psql('copy', "SELECT gdpr.verify_consent_proof(\$\$$proof\$\$)"), 'f', 'a changed one does not');

$node->stop;
done_testing();
