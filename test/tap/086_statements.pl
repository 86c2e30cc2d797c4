# Rights run set-at-a-time: as many statements for a person of thousands of rows as for one of few, and planned once a
# session. pg_stat_statements counts what PostgreSQL ran; what its foreign keys ask of each row that goes is its own.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('statements');
$node->init;
$node->append_conf('postgresql.conf',
	"shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all\npg_stat_statements.track_planning = on\nautovacuum = off");
$node->start;
# Persons 1 and 2 have two rows a table, person 3 has 200 and person 4 has 3000.
$node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE EXTENSION gdpr CASCADE;
	CREATE EXTENSION pg_stat_statements;
	CREATE TABLE person (id int PRIMARY KEY, email text);
	CREATE TABLE purchase (id int PRIMARY KEY, person_id int REFERENCES person, at date);
	CREATE TABLE line (id int PRIMARY KEY, purchase_id int REFERENCES purchase, text text);
	CREATE TABLE message (id int PRIMARY KEY, sender int REFERENCES person, recipient int REFERENCES person, body text);
	CREATE TABLE visit (id int PRIMARY KEY, guide int REFERENCES person, day date);
	INSERT INTO person SELECT g, 'p' || g || '@example.it' FROM generate_series(1, 10) g;
	CREATE TEMP TABLE owner AS SELECT row_number() OVER () AS id, p FROM (VALUES (1, 2), (2, 2), (3, 200), (4, 3000)) v(p, n), generate_series(1, n);
	INSERT INTO purchase SELECT id, p, current_date FROM owner;
	INSERT INTO line SELECT id, id, 'text ' || id FROM owner;
	INSERT INTO message SELECT id, p, CASE WHEN id % 2 = 0 THEN 9 END, 'body ' || id FROM owner;
	INSERT INTO visit SELECT id, p, current_date FROM owner;
	CREATE INDEX ON purchase (person_id);
	CREATE INDEX ON line (purchase_id);
	CREATE INDEX ON message (sender);
	CREATE INDEX ON message (recipient);
	CREATE INDEX ON visit (guide);
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN line.text IS 'personal';
	SECURITY LABEL FOR gdpr ON TABLE message IS 'owned(sender), owned(recipient)';
	SECURITY LABEL FOR gdpr ON COLUMN message.body IS 'personal';
	SECURITY LABEL FOR gdpr ON TABLE visit IS 'accessed(guide)';
	CALL gdpr.apply();
	ANALYZE;
});

my $session = Session->new($node, 'postgres');

# How many statements ran below the one named, and how many were planned.
sub counted
{
	my ($statement) = @_;
	$session->query('SELECT pg_stat_statements_reset()');
	unlike($session->query($statement), qr/ERROR/, "ran: $statement");
	# Changes of the blocklist and of receipts are told to every session by invalidation, and plans on them made anew.
	my $counts = $session->query(
		q{SELECT sum(calls), sum(plans) FILTER (WHERE query !~ 'gdpr\.(blocklist|erasure)') FROM pg_stat_statements
		   WHERE NOT toplevel AND query !~ '^SELECT \S+ FROM ONLY '});
	return split /\|/, $counts;
}

foreach my $right ('SELECT length(gdpr.access(\'person\', \'%d\')::text)', 'SELECT count(*) FROM gdpr.export(\'person\', \'%d\', scope => \'access\')',
	'SELECT count(*) FROM gdpr.forget(\'person\', \'%d\', \'test\', dry_run => true)', 'SELECT count(*) FROM gdpr.forget(\'person\', \'%d\', \'test\')')
{
	my ($name) = $right =~ /gdpr\.(\w+)/;
	$name .= ', dry' if $right =~ /dry_run/;
	counted(sprintf $right, 1);
	my ($calls, $plans) = counted(sprintf $right, 2);
	cmp_ok($calls, '>', 5, "$name: $calls statements for a person of ten rows");
	is($plans, 0, "$name: all of them planned for the person before")
	  or diag($session->query('SELECT plans, query FROM pg_stat_statements WHERE NOT toplevel AND plans > 0'));
	foreach my $person (3, 4)
	{
		my ($more) = counted(sprintf $right, $person);
		cmp_ok($more, '<=', $calls, "$name: no more for person $person, of a hundred and of a thousand times the rows");
	}
}
$session->quit;
$node->stop;
done_testing();
