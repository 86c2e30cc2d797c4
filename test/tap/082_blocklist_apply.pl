# A forgotten person who comes back by logical replication: the apply worker loads no library of the session's, and the
# trigger meets them all the same.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($publisher, $subscriber) = map {
	my $node = PostgreSQL::Test::Cluster->new($_);
	$node->init(allows_streaming => 'logical');
	# CREATE EXTENSION makes more than 10 connections leave room for.
	$node->append_conf('postgresql.conf', "wal_retrieve_retry_interval = 200ms\nlog_min_messages = warning\nmax_locks_per_transaction = 256");
	$node->start;
	$node;
} 'publisher', 'subscriber';

my $table = 'CREATE TABLE person (id int PRIMARY KEY, email text, phone text);';
$publisher->safe_psql('postgres', $table . 'CREATE PUBLICATION pub FOR TABLE person');
$subscriber->safe_psql('postgres', $table . q{
	CREATE EXTENSION gdpr CASCADE;
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN person.phone IS 'personal, identifier';
	CALL gdpr.apply();
	INSERT INTO person VALUES (900, 'anna@example.it', '+39 06 1234567'), (901, 'bruno@example.it', NULL), (902, 'carla@example.it', NULL);
	SELECT gdpr.forget('person', '900', 'request'), gdpr.forget('person', '901', 'request'), gdpr.forget('person', '902', 'request');
});
my $connection = $publisher->connstr('postgres') =~ s/'/''/gr;

# What is there already comes by the worker that copies, what follows by the one that applies.
$publisher->safe_psql('postgres', q{INSERT INTO person VALUES (1, 'anna@EXAMPLE.it', NULL), (2, 'nobody.known@example.it', NULL)});
my $log = -s $subscriber->logfile;
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION sub CONNECTION '$connection' PUBLICATION pub");
$subscriber->wait_for_subscription_sync($publisher, 'sub');
is($subscriber->safe_psql('postgres', 'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM person'), '1 2', 'copied');
my $hits = q{SELECT count(*) FROM gdpr.blocklist_hits()};
is($subscriber->safe_psql('postgres', $hits), '1', 'the copy met a forgotten person');
like(slurp_file($subscriber->logfile, $log), qr/WARNING: .*asked to be forgotten/, 'and warned');

$publisher->safe_psql('postgres', q{
	INSERT INTO person VALUES (3, 'dino@example.it', '0039 06/123-4567');
	UPDATE person SET email = 'bruno@example.it' WHERE id = 2;
});
$publisher->wait_for_catchup('sub');
is($subscriber->safe_psql('postgres', 'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM person'), '1 2 3', 'applied');
is($subscriber->safe_psql('postgres', $hits), '3', 'an insert and an update met two more');
unlike(slurp_file($subscriber->logfile, $log), qr/$_/i, "no $_ in the log") foreach 'anna', 'bruno', '1234567';

# Rejected, the change waits until somebody decides.
$subscriber->safe_psql('postgres', q{SELECT gdpr.set_blocklist_action('person', 'reject')});
$log = -s $subscriber->logfile;
$publisher->safe_psql('postgres', q{INSERT INTO person VALUES (4, 'carla@example.it', NULL)});
$subscriber->wait_for_log(qr/ERROR: .*asked to be forgotten/, $log);
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM person WHERE id = 4'), '0', 'rejected');
$subscriber->safe_psql('postgres', q{SELECT gdpr.unblock('carla@example.it', 'signed up anew')});
$publisher->wait_for_catchup('sub');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM person WHERE id = 4'), '1', 'stored once the block was lifted');
$publisher->safe_psql('postgres', q{INSERT INTO person VALUES (5, 'anna@example.it', NULL)});
$subscriber->wait_for_log(qr/ERROR: .*asked to be forgotten/, -s $subscriber->logfile);
$subscriber->safe_psql('postgres', q{SELECT gdpr.set_blocklist_action('person', 'log')});
$publisher->wait_for_catchup('sub');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM person WHERE id = 5'), '1', 'or once rejecting was ended');

$subscriber->stop;
$publisher->stop;
done_testing();
