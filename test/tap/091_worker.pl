# The background worker: woken by commits, one a database, back after a crash; and a queue of thousands, sent through crashes
# of the server while the mail server fails a third of the time.
#
# GDPR_LONG=1 sends 100,000.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Crm;
use MailServer;
use Session;
use Time::HiRes 'time';
use Test::More;

my $server = MailServer->new;
my $node = Crm::start('worker', <<"END");
restart_after_crash = on
gdpr.smtp_url = 'smtp://localhost:$server->{port}'
gdpr.mail_from = 'shop\@example.it'
gdpr.mail_retry_delay = 0
gdpr.mail_attempts = 100
END
$node->safe_psql(
	'crm', q{
CREATE ROLE admin LOGIN IN ROLE gdpr_admin;
CREATE TABLE person (id int PRIMARY KEY, email text);
INSERT INTO person SELECT g, 'p' || g || '@d' || g % 10 || '.example' FROM generate_series(1, 100) g;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier';
CALL gdpr.apply();
INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('hello', 'Hello', 'Hello {{id}}');
});

sub as { my ($role, $sql) = @_; return $node->safe_psql('crm', $sql, extra_params => [ '-U', $role ]) }
sub hello
{
	my ($count) = @_;
	return as('officer', "SELECT count(gdpr.send_mail('hello', 'person', (1 + g % 100)::text)) FROM generate_series(1, $count) g");
}
sub workers { return $node->safe_psql('crm', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'gdpr worker' AND datname = 'crm'}) }
sub until_sent
{
	return $node->poll_query_until('crm', q{SELECT count(*) = 0 FROM gdpr.outbox WHERE state <> 'sent'});
}

my ($out, $err);
isnt($node->psql('crm', 'SELECT gdpr.start_worker()', stderr => \$err, extra_params => [ '-U', 'officer' ]), 0, 'not for everyone');
like($err, qr/permission denied/, 'to start a worker');
is(as('admin', 'SELECT gdpr.start_worker()'), 't', 'a worker starts');
$node->poll_query_until('crm', q{SELECT count(last_success) = count(*) FROM gdpr.due_work}) or die;
is(as('admin', 'SELECT gdpr.start_worker()'), 'f', 'one a database');
is(workers(), '1', 'it shows');

# Its nap lasts a minute; what is committed wakes it.
my $begin = time;
hello(3);
ok(until_sent(), 'it sends');
cmp_ok(time - $begin, '<', 30, 'woken by the commit');
$begin = time;
my $session = Session->new($node, 'crm', 'user=officer');
$session->query(q{BEGIN; SELECT gdpr.send_mail('hello', 'person', '1'); ROLLBACK});
$session->quit;
is(scalar($server->mails), 3, 'what is rolled back is not sent');

# Attack: a role keeps the worker from working by every advisory lock it can think of.
$session = Session->new($node, 'crm', 'user=app');
$session->query('SELECT pg_advisory_lock(0), pg_advisory_lock(0, 0), pg_advisory_lock(26468), pg_advisory_lock(26469)');
hello(1);
ok(until_sent(), 'locks of others do not stop it');
$session->quit;

# A job that fails is recorded, and the others go on.
$node->safe_psql('crm', q{ALTER TABLE gdpr.outbox ADD CONSTRAINT broken CHECK (attempts = 0) NOT VALID});
hello(1);
$node->poll_query_until('crm', q{SELECT error = 'SQLSTATE 23514' FROM gdpr.due_work WHERE job = 'mail'}) or die;
pass('due_work tells what failed');
is(workers(), '1', 'the worker lives on');
$node->safe_psql('crm', 'ALTER TABLE gdpr.outbox DROP CONSTRAINT broken');
$node->safe_psql('crm', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'gdpr worker'});
ok(until_sent(), 'terminated, it comes back, and sends');

# The worker is killed, and with it the server goes down and up: it comes back by itself.
my $pid = $node->safe_psql('crm', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'gdpr worker'});
kill 'KILL', $pid;
$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'gdpr worker' AND pid <> $pid") or die;
hello(1);
ok(until_sent(), 'killed, it comes back');

# ---- Thousands, through crashes ----------------------------------------------------

my $many = $ENV{GDPR_LONG} ? 100_000 : 2_000;
my $before = $server->count;
my $since = time;
$server->mode('third');
$node->safe_psql('crm', 'ALTER SYSTEM SET gdpr.worker = off; SELECT pg_reload_conf()');
$node->poll_query_until('crm', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'gdpr worker'}) or die;
pass('the worker ends when it is switched off');
isnt($node->psql('crm', 'SELECT gdpr.start_worker()', stderr => \$err, extra_params => [ '-U', 'admin' ]), 0, 'none starts');
hello($many);
# From now on the server starts it.
$node->safe_psql('crm', 'ALTER SYSTEM RESET gdpr.worker');
$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'gdpr'});
$node->restart;

sub until_delivered
{
	my ($share) = @_;
	for (1 .. ($ENV{GDPR_LONG} ? 100_000 : 3_000))
	{
		return if $server->count >= $before + $many * $share;
		select undef, undef, undef, 0.1;
	}
	die 'the mails do not come';
}

my $crashes = 0;
foreach my $share (0.2, 0.4, 0.6)
{
	until_delivered($share);
	if ($share < 0.5)
	{
		$node->stop('immediate');
		$node->start;
	}
	else
	{
		kill 'KILL', $node->safe_psql('crm', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'gdpr worker'});
	}
	$crashes++;
}
# An orderly restart sends nothing twice, nor does a cancelled run.
until_delivered(0.8);
$node->poll_query_until('crm', 'SELECT true') or die;
$node->restart;
$node->poll_query_until('crm', q{SELECT count(*) = 0 FROM gdpr.outbox WHERE state <> 'sent'}) or die 'not all are sent';

my %delivered;
$delivered{ $_->{id} }++ foreach $server->mails;
my @ids = split /\n/, $node->safe_psql('crm', 'SELECT message_id FROM gdpr.outbox');
is(scalar(grep { !$delivered{$_} } @ids), 0, 'none of ' . scalar(@ids) . ' mails is lost');
my $twice = 0;
$twice += $_ - 1 foreach values %delivered;
cmp_ok($twice, '<=', $crashes, "$twice twice, by $crashes crashes");
note(sprintf('%d mails in %.0f seconds', $many, time - $since));
is(scalar(keys %delivered), scalar(@ids), 'and none but these came');
cmp_ok($node->safe_psql('crm', 'SELECT count(*) FROM gdpr.outbox WHERE attempts > 1'), '>', $many / 5, 'a third failed at first');

# ---- A domain is not flooded, however often the worker is woken ------------------------

$server->mode('ok');
$node->append_conf('postgresql.conf', 'gdpr.mail_domain_rate = 1');
$node->restart;
hello(1);
$node->poll_query_until('crm', q{SELECT count(*) = 0 FROM gdpr.outbox WHERE state <> 'sent'}) or die;
hello(1);
$node->poll_query_until('crm', q{SELECT count(*) = 1 FROM gdpr.outbox WHERE state = 'queued' AND attempts = 0 AND next_attempt > at + interval '20 seconds'})
  or die;
pass('the second mail of a minute waits');

# ---- The launcher ---------------------------------------------------------------------

is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT datname, ' ') FROM pg_stat_activity WHERE backend_type = 'gdpr worker' AND datname IS NOT NULL}),
	'crm', 'databases without the extension have no worker');
$node->safe_psql('crm', 'DROP EXTENSION gdpr CASCADE');
$node->safe_psql('postgres', q{SELECT pg_reload_conf()});
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'gdpr worker' AND datname = 'crm'}) or die;
pass('without the extension the worker ends');

done_testing();
