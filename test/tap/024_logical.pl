# Logical replication: publisher and subscriber protected, each under keys of its own; one end plain; ciphertext on the
# wire between servers that share a keyring.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use File::Copy;
use Test::More;

sub server
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256'); # CREATE EXTENSION makes more than 10 connections leave room for
	$node->append_conf('postgresql.conf', "wal_retrieve_retry_interval = 100ms\nmax_logical_replication_workers = 12\nmax_worker_processes = 20");
	$node->start;
	return $node;
}
my $publisher = server('publisher');
my $subscriber = server('subscriber');

my $tables = q{
CREATE TABLE person (id int PRIMARY KEY, email text, born date, salary numeric(10,2), extra jsonb);
};
my $labels = q{
CREATE EXTENSION gdpr CASCADE;
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.born IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.salary IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.extra IS 'personal, encrypted';
CALL gdpr.apply();
};
my $rows = q{INSERT INTO person SELECT g, 'p' || g || '@example.it', date '1990-01-01' + g, g * 1.5, jsonb_build_object('n', g) FROM generate_series(1, 50) g};
my $sum = "SELECT count(*), md5(string_agg(p::text, ',' ORDER BY id)) FROM person p";

$publisher->safe_psql('postgres', "CREATE DATABASE $_") foreach 'hidden', 'open';
$subscriber->safe_psql('postgres', "CREATE DATABASE $_") foreach 'hidden', 'open', 'filled', 'same';
$publisher->safe_psql('hidden', $tables . $labels . $rows);
$publisher->safe_psql('open', $tables . $rows);
$publisher->safe_psql($_, 'CREATE PUBLICATION pub FOR TABLE person') foreach 'hidden', 'open';
$subscriber->safe_psql('hidden', $tables . $labels);
$subscriber->safe_psql('open', $tables);
$subscriber->safe_psql('filled', $tables . $labels);

sub subscribe
{
	my ($node, $database, $from, $name, $user) = @_;
	my $connection = $publisher->connstr($from) . ($user ? " user=$user" : '');
	$connection =~ s/'/''/g;
	$node->safe_psql($database, "CREATE SUBSCRIPTION $name CONNECTION '$connection' PUBLICATION pub");
	return;
}
subscribe($subscriber, 'hidden', 'hidden', 'protected');
subscribe($subscriber, 'open', 'hidden', 'opened');
subscribe($subscriber, 'filled', 'open', 'closed');
my %from = (hidden => [ 'hidden', 'protected' ], open => [ 'hidden', 'opened' ], filled => [ 'open', 'closed' ]);
$subscriber->wait_for_subscription_sync($publisher, $from{$_}[1], $_) foreach keys %from;

my %title = (hidden => 'both ends protected', open => 'the subscriber plain', filled => 'the publisher plain');
sub same
{
	my ($when) = @_;
	foreach my $database (sort keys %from)
	{
		$publisher->wait_for_catchup($from{$database}[1]);
		is($subscriber->safe_psql($database, $sum), $publisher->safe_psql($from{$database}[0], $sum), "$title{$database}: $when");
	}
	return;
}
same('what was there is copied');
my $changes = q{
INSERT INTO person VALUES (100, 'new@example.it', '2000-01-01', 7, '{"x": 1}'), (101, NULL, NULL, NULL, NULL);
UPDATE person SET email = 'changed@example.it' WHERE id = 7;
UPDATE person SET id = 200 WHERE id = 8;
DELETE FROM person WHERE id = 9;
};
$publisher->safe_psql($_, $changes) foreach 'hidden', 'open';
same('changes arrive');

# Each end has keys of its own, and what is stored is ciphertext.
my $literal = q{SET gdpr.output = 'cipher'; SELECT format('%s', email) FROM person WHERE id = 7};
like($subscriber->safe_psql($_, $literal), qr/^gdpr-ciphertext-1:/, "$title{$_}: the subscriber stores ciphertext") foreach 'hidden', 'filled';
isnt($subscriber->safe_psql('hidden', "SELECT key FROM gdpr.key_status WHERE use = 'data'"), $publisher->safe_psql('hidden', "SELECT key FROM gdpr.key_status WHERE use = 'data'"), 'under keys of its own');
is($subscriber->safe_psql('hidden', q{SELECT id FROM person WHERE email = 'changed@example.it'}), '7', 'and finds it');

# The apply worker does not load session_preload_libraries: the first function of the library that it calls loads it, and
# triggers are enabled always. So changes that come that way are in the log.
is($subscriber->safe_psql('hidden', q{SELECT operation, old ->> 'email', new ->> 'email' FROM gdpr.audit_log WHERE key = '7' AND operation = 'UPDATE'}),
	'UPDATE|p7@example.it|changed@example.it', 'the subscriber\'s audit log has what the apply worker changed');

# ---- Keys are rotated ------------------------------------------------------

my $records = $subscriber->safe_psql('hidden', 'SELECT count(*) FROM gdpr.audit_log');
$publisher->safe_psql('hidden', "CALL gdpr.rotate_data_key('person')");
same('a rotation of the publisher\'s keys changes no value');
is($subscriber->safe_psql('hidden', 'SELECT count(*) FROM gdpr.audit_log'), $records, 'and is no change to the subscriber\'s log');
$subscriber->safe_psql('hidden', "CALL gdpr.rotate_data_key('person')");
$publisher->safe_psql('hidden', q{UPDATE person SET salary = 9 WHERE id = 7; INSERT INTO person (id, email) VALUES (300, 'x')});
same('after rotation of the subscriber\'s it goes on');

# ---- A restricted person ---------------------------------------------------

$publisher->safe_psql('hidden', q{SELECT gdpr.restrict('person', '10', 'contested'); UPDATE person SET salary = 1 WHERE id = 11});
same('a restriction stops nothing of it');

# ---- Ciphertext on the wire ------------------------------------------------

# A subscriber with the same keyring: its connection is that of a member of gdpr_backup.
my $twin = PostgreSQL::Test::Cluster->new('twin');
$twin->init(allows_streaming => 'logical');
$twin->append_conf('postgresql.conf', 'max_locks_per_transaction = 256'); # CREATE EXTENSION makes more than 10 connections leave room for
copy($publisher->data_dir . '.gdpr-keyring', $twin->data_dir . '.gdpr-keyring') or die $!;
chmod 0600, $twin->data_dir . '.gdpr-keyring';
$twin->append_conf('postgresql.conf', 'wal_retrieve_retry_interval = 100ms');
$twin->start;
$twin->safe_psql('postgres', $tables . $labels);
$publisher->safe_psql('hidden', 'CREATE ROLE carrier LOGIN REPLICATION BYPASSRLS; GRANT gdpr_backup TO carrier; GRANT SELECT ON person TO carrier');
subscribe($twin, 'postgres', 'hidden', 'sealed', 'carrier');
$twin->wait_for_subscription_sync($publisher, 'sealed', 'postgres');
$publisher->safe_psql('hidden', q{UPDATE person SET email = 'sealed@example.it' WHERE id = 12});
$publisher->wait_for_catchup('sealed');
is($twin->safe_psql('postgres', $sum), $publisher->safe_psql('hidden', $sum), 'the same keyring at both ends: every value arrives');
my $whole = q{SET gdpr.output = 'cipher'; SELECT string_agg(format('%s', email), ',' ORDER BY id) FROM person WHERE id IN (5, 12)};
is($twin->safe_psql('postgres', $whole), $publisher->safe_psql('hidden', $whole), 'as the very same ciphertext: the wire carried no plaintext');

# Attack: a subscriber without those keys loads the ciphertext.
$subscriber->safe_psql('same', $tables . $labels);
subscribe($subscriber, 'same', 'hidden', 'stranger', 'carrier');
$subscriber->poll_query_until('same', q{SELECT count(*) > 0 FROM pg_stat_subscription_stats WHERE sync_error_count > 0}) or die 'no error';
like(slurp_file($subscriber->logfile), qr/ERROR:  (key [0-9a-f]{8} is not in the keyring|root key of epoch \d does not open key)/, 'with another keyring: a clear error');
is($subscriber->safe_psql('same', 'SELECT count(*) FROM person'), '0', 'and nothing is stored');
$subscriber->safe_psql('same', 'DROP SUBSCRIPTION stranger');

$_->stop foreach $twin, $subscriber, $publisher;
done_testing();
