# Long values: compressed before they are encrypted, as TOAST would; hundreds of megabytes; and those that are too long are
# refused with nothing lost.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('long');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nfull_page_writes = off\nmax_wal_size = 4GB\nwal_level = minimal\nmax_wal_senders = 0");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', q{
CREATE EXTENSION gdpr CASCADE;
CREATE TABLE plain (id int PRIMARY KEY, t text COLLATE "C", b bytea, j jsonb);
CREATE TABLE sealed (id int PRIMARY KEY, t gdpr.encrypted_text COLLATE "C", b gdpr.encrypted_bytea, j gdpr.encrypted_jsonb);
-- A hundred kilobytes in which no method finds anything twice.
CREATE TABLE noise AS SELECT string_agg(translate(encode(gen_random_bytes(1024), 'base64'), E'\n=', ''), '') AS r FROM generate_series(1, 75);
});
my $answer = sub { $node->safe_psql('crm', $_[0]) };

# ---- Sizes ---------------------------------------------------------------------------

is($answer->(q{SELECT string_agg(DISTINCT attstorage::text, '') FROM pg_attribute WHERE attrelid = 'sealed'::regclass AND attnum > 1}), 'e',
	'stored out of line, and PostgreSQL does not try to compress ciphertext');
$answer->(q{INSERT INTO sealed (id, b) SELECT n, substring(decode(r || r, 'escape') FROM 1 FOR n) FROM noise, unnest('{0,1,100,1999,2000,2001,5000,100000}'::int[]) n});
is($answer->(q{SELECT max(octet_length(gdpr.decrypt(b)) - id), max(pg_column_size(b) - id) <= 37 FROM sealed}), '0|t', 'what does not compress is 33 bytes longer, and the length word');
$answer->('TRUNCATE sealed');
for my $method ('pglz', 'lz4')
{
	my ($ret, $out, $err) = $node->psql('crm', "SET default_toast_compression = '$method'");
	next if $ret != 0; # this server has no lz4
	$answer->(qq{SET default_toast_compression = '$method'; TRUNCATE plain, sealed;
INSERT INTO plain SELECT g, repeat(chr(97 + g % 7) || g % 11, 1000 + 500 * g), convert_to(repeat('note ' || g, 300 * g), 'UTF8'), jsonb_build_object('k', repeat('v', 100 * g)) FROM generate_series(1, 60) g;
INSERT INTO sealed SELECT * FROM plain});
	is($answer->(q{SELECT count(*) FROM plain p JOIN sealed s USING (id) WHERE p.t = s.t AND p.b = s.b AND p.j = s.j AND md5(p.t) = md5(s.t)}), '60', "$method: every value is there");
	is($answer->(q{SELECT sum(pg_column_size(t)) < sum(length(t)) / 20, sum(pg_column_size(t)) FILTER (WHERE length(t) < 2000) IS NULL FROM sealed}), 't|t', 'and short');
	is($answer->('SELECT array_agg(id ORDER BY t, id), array_agg(id ORDER BY b, id), count(DISTINCT t), min(md5(t)), max(length(t)) FROM sealed'),
		$answer->('SELECT array_agg(id ORDER BY t, id), array_agg(id ORDER BY b, id), count(DISTINCT t), min(md5(t)), max(length(t)) FROM plain'), 'sorted and told apart');
	is($answer->('SELECT count(*) FROM (SELECT DISTINCT t FROM sealed UNION SELECT t FROM plain) u'), $answer->('SELECT count(DISTINCT t) FROM plain'), 'hashed');
	is($answer->(q{SET work_mem = '64kB'; SELECT md5(string_agg(md5(t), '' ORDER BY t, id)) FROM sealed}), $answer->(q{SELECT md5(string_agg(md5(t), '' ORDER BY t, id)) FROM plain}), 'and sorted beyond work_mem');
}
$answer->(q{SET default_toast_compression = 'pglz'; UPDATE sealed SET t = t || 'x' WHERE id % 2 = 0; UPDATE plain SET t = t || 'x' WHERE id % 2 = 0});
is($answer->('SELECT count(*) FROM plain p JOIN sealed s USING (id) WHERE p.t = s.t'), '60', 'values of two methods side by side');

# ---- Hundreds of megabytes, and the limit -----------------------------------------------------

$answer->('TRUNCATE plain, sealed');
$answer->(q{INSERT INTO sealed (id, t) SELECT 1, repeat(r, 2000) FROM noise});
is($answer->('SELECT length(t), md5(t) = md5(repeat(r, 2000)) FROM sealed, noise'), $answer->('SELECT 2000 * length(r), true FROM noise'), 'two hundred megabytes that do not compress');
$answer->(q{INSERT INTO sealed (id, t) SELECT 2, repeat('abcdefgh', 60000000)});
is($answer->(q{SELECT length(t), right(t, 3), pg_column_size(t) < 10000000 FROM sealed WHERE id = 2}), '480000000|fgh|t', 'half a gigabyte that does');
my ($ret, $out, $err) = $node->psql('crm', q{INSERT INTO sealed (id, t) SELECT 3, repeat(r, 1073741790 / length(r)) || left(r, 1073741790 % length(r)) FROM noise});
like($err, qr/ERROR:  value is too long to encrypt\nDETAIL:  An encrypted value may be at most 1 GB\./, 'a gigabyte is too long');
is($answer->('SELECT array_agg(id ORDER BY id), sum(length(t)) > 680000000 FROM sealed'), '{1,2}|t', 'and nothing is lost');
done_testing();
