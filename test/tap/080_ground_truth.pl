# Schemas of different shapes, each with the truth written down by hand: for every person in them, access() tells exactly
# the rows that are theirs, and forget() does exactly what is to be done to each row, and to no other.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('truth');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE truth_officer');

foreach my $schema (split(' ', $ENV{GDPR_TRUTH} // 'crm forum review shop'))
{
	$node->safe_psql('postgres', "CREATE DATABASE $schema");
	$node->safe_psql($schema, 'CREATE EXTENSION gdpr CASCADE; GRANT gdpr_officer TO truth_officer');
	$node->safe_psql($schema, slurp_file("test/schemas/$_.sql")) foreach ('truth', $schema);
	$node->safe_psql($schema, 'CALL gdpr.apply()');
	is($node->safe_psql($schema, q{SELECT * FROM gdpr.data_map WHERE kind = 'undecided'}), '', "$schema: all is decided");
	my $people = $node->safe_psql($schema, q{SELECT count(DISTINCT (subject, key)) FROM truth.expected});
	is($node->safe_psql($schema, "SELECT * FROM truth.differences('$schema')"), '',
		"$schema: access and forget of $people people, exactly");
}

# Whoever listens is told at commit, and not of whom.
my $database = (split(' ', $ENV{GDPR_TRUTH} // 'crm'))[0];
my $person = $node->safe_psql($database, q{SELECT format('%L, %L', subject, key) FROM truth.expected ORDER BY subject, key LIMIT 1});
my ($out, $err);
$node->psql($database, "LISTEN gdpr; SELECT gdpr.record_disclosure($person, 'Letter shop', reference => 'customer 7');"
	. "SELECT count(*) > 0 FROM gdpr.forget($person, 'request'); SELECT 1", stdout => \$out, stderr => \$err);
like($out, qr/notification "gdpr" with payload "outbox" received.*notification "gdpr" with payload "erasure \d+" received/s, 'NOTIFY gdpr');

my $file = $node->basedir . '/map.dot';
append_to_file($file, $node->safe_psql($database, 'SELECT gdpr.data_map_dot()'));
is(system("dot -Tsvg '$file' >/dev/null"), 0, 'dot draws the data map');

done_testing();
