# Dump and restore: ciphertext in the dump, and whose consent, source and restriction it is after the restore, also when
# the tables are loaded in any order.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('restore');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr CASCADE');
$node->safe_psql('crm', q{
	CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, age int CHECK (age > 0));
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	CALL gdpr.apply();
	SELECT gdpr.set_source('webform', 'contact page', '203.0.113.7');
	INSERT INTO person VALUES (1, 'anna@example.it', 30), (2, 'bruno@example.it', 40);
	INSERT INTO gdpr.purpose (name, description, basis) VALUES ('newsletter', 'our monthly news', 'consent');
	SELECT gdpr.give_consent('person', '1', 'newsletter', '{"wording": "I want the news"}');
	SELECT gdpr.give_consent('person', '2', 'newsletter', '{"wording": "I want the news"}');
	SELECT gdpr.withdraw_consent('person', '2', 'newsletter');
	SELECT gdpr.restrict('person', '2', 'accuracy contested');
});

my $state = q{
	SELECT * FROM person ORDER BY id;
	SELECT key::text, purpose, given, evidence FROM gdpr.consent_event ORDER BY id;
	SELECT key::text, kind, name, address, at FROM gdpr.provenance ORDER BY 1;
	SELECT key::text, kind, reason FROM gdpr.restriction ORDER BY id;
	SELECT gdpr.has_consent('person', '1', 'newsletter'), gdpr.has_consent('person', '2', 'newsletter');
	SELECT count(*) AS left_to_do FROM gdpr.plan();
};
my $before = $node->safe_psql('crm', $state);
like($before, qr/contact page/, 'the database before');

my $dump = $node->basedir . '/crm.dump';
my $text = $node->basedir . '/crm.sql';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('crm') ], 'pg_dump');
$node->command_ok([ 'pg_dump', '-f', $text, $node->connstr('crm') ], 'pg_dump as text');
my $dumped = slurp_file($text);
unlike($dumped, qr/$_/, "no plaintext in the dump: $_")
  foreach ('anna', 'contact page', '203\.0\.113\.7', 'I want the news', 'accuracy contested');

foreach my $jobs (1, 4)
{
	my $name = "crm$jobs";
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-j', $jobs, '-d', $node->connstr($name), $dump ],
		"pg_restore, $jobs at once");
	is($node->safe_psql($name, $state), $before, 'everything is as before');
	$node->safe_psql($name, q{INSERT INTO person VALUES (3, 'carla@example.it', 50)});
	is($node->safe_psql($name, q{SELECT kind FROM gdpr.provenance WHERE key = '3'}), 'api', 'and goes on');
	is($node->safe_psql($name, q{SELECT gdpr.give_consent('person', '3', 'newsletter', '{"wording": "yes"}')}),
		'4', 'the numbers of events too');
}

$node->safe_psql('postgres', 'CREATE DATABASE crmtext');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('crmtext'), '-f', $text ],
	'the dump as text');
is($node->safe_psql('crmtext', $state), $before, 'everything is as before');

$node->stop;
done_testing();
