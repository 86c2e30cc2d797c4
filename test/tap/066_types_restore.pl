# Dump and restore of encrypted types that were made by gdpr.create_encrypted_type: the restore makes them anew, in a
# database where the types they stand for have other object ids.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('types');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', 'CREATE EXTENSION gdpr CASCADE');
$node->safe_psql('crm', q{
	CREATE SCHEMA crm;
	CREATE TYPE crm.mood AS ENUM ('sad', 'ok', 'happy');
	CREATE DOMAIN crm.zip AS text CHECK (VALUE ~ '^[0-9]+$');
	CREATE TYPE crm.address AS (street text, zip crm.zip, mood crm.mood);
	SELECT gdpr.create_encrypted_type(t::regtype)
	  FROM unnest('{crm.mood,crm.zip,crm.address,crm.mood[],crm.address[],float4,macaddr,tstzrange}'::text[]) t;
	CREATE TABLE crm.person (id int PRIMARY KEY, m gdpr.encrypted_mood UNIQUE CHECK (m <> 'sad'), z gdpr.encrypted_zip DEFAULT '00000',
		a gdpr.encrypted_address, ms gdpr.encrypted_mood_array, addresses gdpr.encrypted_address_array,
		f gdpr.encrypted_float4 GENERATED ALWAYS AS (gdpr.sealed(1.5::float4)) STORED, mac gdpr.encrypted_macaddr, r gdpr.encrypted_tstzrange);
	INSERT INTO crm.person (id, m, z, a, ms, addresses, mac, r) VALUES
		(1, 'happy', '00100', '("Via Roma",00100,happy)', '{sad,happy}', ARRAY['(x,12345,sad)', NULL]::crm.address[], '08:00:2b:01:02:03', '[2001-01-01,2002-01-01)'),
		(2, 'ok', '777', NULL, NULL, NULL, NULL, NULL);
	CREATE INDEX ON crm.person (f);
	CREATE INDEX ON crm.person USING hash (mac);
	CREATE VIEW crm.happy AS SELECT id, m FROM crm.person WHERE m >= 'happy' AND f < 3.5::float8;
	CREATE TABLE crm.by_mood (m gdpr.encrypted_mood, x int) PARTITION BY LIST (m);
	CREATE TABLE crm.by_mood_ok PARTITION OF crm.by_mood FOR VALUES IN ('ok');
	INSERT INTO crm.by_mood VALUES ('ok', 1);
});

my $state = q{
	SELECT * FROM crm.person ORDER BY m;
	SELECT * FROM crm.happy;
	SELECT * FROM crm.by_mood WHERE m = 'ok'::crm.mood;
	SELECT id FROM crm.person WHERE mac = '08:00:2b:01:02:03' AND ms @> '{sad}' AND r::tstzrange @> '2001-05-05'::timestamptz;
	SELECT count(*) FROM pg_operator WHERE oid >= 16384;
	SELECT count(*) FROM pg_cast WHERE oid >= 16384;
	SELECT count(*) FROM pg_amop WHERE oid >= 16384;
	SELECT count(*) FROM pg_depend WHERE deptype = 'a' AND refclassid = 'pg_type'::regclass AND classid = 'pg_proc'::regclass;
};
my $before = $node->safe_psql('crm', $state);
like($before, qr/Via Roma/, 'the database before');

my $dump = $node->basedir . '/crm.dump';
my $text = $node->basedir . '/crm.sql';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('crm') ], 'pg_dump');
$node->command_ok([ 'pg_dump', '-f', $text, $node->connstr('crm') ], 'pg_dump as text');
my $dumped = slurp_file($text);
unlike($dumped, qr/$_/, "no plaintext in the dump: $_") foreach ('Via Roma', '08:00:2b');

foreach my $jobs (1, 4)
{
	my $name = "crm$jobs";
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE TYPE other$_ AS ENUM ('x')") foreach (1 .. $jobs);
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-j', $jobs, '-d', $node->connstr($name), $dump ],
		"pg_restore, $jobs at once");
	is($node->safe_psql($name, $state), $before, 'everything is as before');
	isnt($node->safe_psql($name, q{SELECT 'crm.mood'::regtype::oid}),
		$node->safe_psql('crm', q{SELECT 'crm.mood'::regtype::oid}), 'though the type has another id');
	$node->safe_psql($name, q{INSERT INTO crm.person (id, m) VALUES (3, NULL); ALTER TYPE crm.mood ADD VALUE 'fine' BEFORE 'happy'});
	is($node->safe_psql($name, q{SELECT z FROM crm.person WHERE id = 3}), '00000', 'and goes on');
}

$node->safe_psql('postgres', 'CREATE DATABASE crmtext');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $text, $node->connstr('crmtext') ], 'psql');
is($node->safe_psql('crmtext', $state), $before, 'everything is as before');
my $again = $node->basedir . '/again.sql';
$node->command_ok([ 'pg_dump', '-s', '-f', $text, $node->connstr('crm') ], 'pg_dump of the schema');
$node->command_ok([ 'pg_dump', '-s', '-f', $again, $node->connstr('crmtext') ], 'and of the restored one');
my @schemas = map { slurp_file($_) } ($text, $again);
s/^\\(un)?restrict .*$//gm, s/gdpr-ciphertext[^']*//g foreach @schemas;
is($schemas[1], $schemas[0], 'are the same');

done_testing();
