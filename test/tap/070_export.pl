# An export as its reader has it: files that other programs parse and check, sealed ones that gpg opens, and a server
# that needs no more memory for a person of many rows than for one of few.
#
# GDPR_EXPORT_ROWS=1000000 runs the long form.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use MIME::Base64;
use Test::More;

my $rows = $ENV{GDPR_EXPORT_ROWS} // 60_000;

my $node = PostgreSQL::Test::Cluster->new('export');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
fsync = off
shared_buffers = 8MB
max_wal_size = 4GB
log_statement = none
END
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION gdpr CASCADE');
$node->safe_psql('postgres', <<'END');
CREATE TABLE person (id int PRIMARY KEY, email text, note text, doc jsonb, photo bytea);
CREATE TABLE event (id bigint PRIMARY KEY, person_id int REFERENCES person, body text);
CREATE INDEX ON event (person_id);
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN event.body IS 'personal, encrypted';
CALL gdpr.apply();
CREATE ROLE officer LOGIN IN ROLE gdpr_officer;
END

# What breaks a careless writer of files: delimiters, quotes, line ends, markup, controls, no value, an empty one.
$node->safe_psql('postgres', <<'END');
INSERT INTO person VALUES (1, 'one@example.org', E'comma, "quote"\r\nline\nend\ttab', '{"a": ["<b>", "&amp;", "\"", "\\"]}', '\x0001feff');
INSERT INTO person VALUES (2, 'two@example.org', '', NULL, '\x');
INSERT INTO event VALUES
    (1, 1, NULL), (2, 1, ''), (3, 1, E']]> <![CDATA[ </column> &lt;'), (4, 1, E'\x01\x08\x0b\x1f'), (5, 1, U&'\FFFE \FFFF \+01F600 \00E9 \0085'),
    (6, 1, '=1+1'), (7, 1, ' spaces '), (8, 1, E'\n'), (9, 1, E'\r'), (10, 1, '"'), (11, 1, '-1'), (12, 1, '@SUM(A1)'), (13, 1, repeat('long "text", ', 100000));
END

# files(arguments, directory): exports and stores every file; returns their names.
sub files
{
	my ($arguments, $directory) = @_;
	mkdir $directory or die "$directory: $!";
	my $answer = $node->safe_psql('postgres',
		"SELECT file, translate(encode(content, 'base64'), E'\\n', '') FROM gdpr.export('person', $arguments)",
		extra_params => [ '-U', 'officer' ]);
	return map { store($directory, split(/\|/, $_, 2)) } split /\n/, $answer;
}

sub store
{
	my ($directory, $file, $content) = @_;
	open my $out, '>:raw', "$directory/$file" or die "$file: $!";
	print $out decode_base64($content);
	close $out;
	return $file;
}

# python(program, arguments): what it prints.
sub python
{
	my ($program, @arguments) = @_;
	my ($out, $err) = ('', '');
	my $good = IPC::Run::run([ 'python3', '-c', $program, @arguments ], '>', \$out, '2>', \$err);
	chomp $out;
	return $good ? $out : "failed: $err";
}

my $base = PostgreSQL::Test::Utils::tempdir_short();

# ---- Every format is read by somebody else's parser, and the values are those of the table -------------------------

my $expected = $node->safe_psql('postgres',
	q{SELECT json_agg(json_build_array(id, body::text) ORDER BY id) FROM event WHERE person_id = 1});
my $same = <<'END';
import base64, csv, json, sys
import xml.etree.ElementTree as xml
kind, path, person, expected = *sys.argv[1:4], json.load(open(sys.argv[4]))
csv.field_size_limit(10**9)
def cells(path):
    if kind == 'csv':
        # The csv module makes no difference between nothing and an empty string; the file does.
        rows = list(csv.reader(open(path, newline='', encoding='utf-8'), strict=True))
        return [dict(zip(rows[0], row)) for row in rows[1:]]
    if kind == 'json':
        return json.load(open(path, encoding='utf-8'))
    def value(column):
        if column.get('null'):
            return None
        text = column.text or ''
        return base64.b64decode(text).decode() if column.get('encoding') == 'base64' else text
    return [{c.get('name'): value(c) for c in row} for row in xml.parse(path).getroot()]
found = [[int(row['id']), row['body']] for row in cells(path)]
if kind == 'csv':
    expected = [[i, '' if b is None else b] for i, b in expected]
assert found == expected, [pair for pair in zip(found, expected) if pair[0] != pair[1]]
one = cells(person)[0]
doc = one['doc'] if kind == 'json' else json.loads(one['doc'])
assert doc == {'a': ['<b>', '&amp;', '"', '\\']}, doc
assert one['note'] == 'comma, "quote"\r\nline\nend\ttab', one['note']
assert bytes.fromhex(one['photo'][2:]) == b'\x00\x01\xfe\xff', one['photo']
print('same')
END
open my $json, '>', "$base/expected.json" or die;
print $json $expected;
close $json;
for my $format (qw(csv json xml))
{
	my @files = files("'1', '$format'", "$base/$format");
	is_deeply([ sort @files ], [ 'manifest.json', "public.event.$format", "public.person.$format" ], "$format: a file for each relation, and a manifest");
	is(python($same, $format, "$base/$format/public.event.$format", "$base/$format/public.person.$format", "$base/expected.json"),
		'same', "$format: a parser reads what the table holds");
	is(sums("$base/$format"), 'OK OK', "$format: sha256sum agrees with the manifest");
	files("'1', '$format'", "$base/$format-again");
	is(system("diff -r $base/$format $base/$format-again >/dev/null"), 0, "$format: the same bytes again");
}
files("'2'", "$base/two");
is(slurp_file("$base/two/public.person.csv"), qq{id,email,note,doc,photo\r\n2,two\@example.org,"",,\\x\r\n}, 'nothing and an empty string differ');
files("'1', 'csv-spreadsheet'", "$base/spreadsheet");
like(slurp_file("$base/spreadsheet/public.event.csv"), qr/^6,1,'=1\+1\r$/m, 'Attack: a formula is guarded for a spreadsheet');
unlike(slurp_file("$base/spreadsheet/public.event.csv"), qr/^\d+,1,"?[=+@-](?!1\r)/m, 'and so is every other');

# sums(directory): the manifest's sums checked by sha256sum.
sub sums
{
	my ($directory) = @_;
	my $list = python('import json,sys; [print(f["sha256"], "", f["name"]) for f in json.load(open(sys.argv[1]))["files"]]', "$directory/manifest.json");
	my ($out, $err) = ('', '');
	my $input = "$list\n";
	IPC::Run::run([ 'sha256sum', '-c', '-' ], '<', \$input, '>', \$out, '2>', \$err, init => sub { chdir $directory or die });
	return join ' ', map { /: (\w+)$/ ? $1 : $_ } split /\n/, $out;
}

# Of a database in another encoding too, the files are UTF-8, and so is what they hold in base64.
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
$node->safe_psql('latin', <<'END');
SET client_min_messages = warning;
CREATE EXTENSION gdpr CASCADE;
CREATE TABLE person (id int PRIMARY KEY, body text);
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
INSERT INTO person VALUES (1, chr(233) || E'\x01' || chr(239) || chr(191) || chr(190)), (2, chr(233) || chr(239) || chr(191) || chr(190));
END
for my $case ([ 'csv', 2, "2,\xc3\xa9\xc3\xaf\xc2\xbf\xc2\xbe\r\n" ], [ 'xml', 2, ">\xc3\xa9\xc3\xaf\xc2\xbf\xc2\xbe<" ],
	[ 'xml', 1, ' encoding="base64">' . encode_base64("\xc3\xa9\x01\xc3\xaf\xc2\xbf\xc2\xbe", '') . '<' ], [ 'json', 2, qq{"\xc3\xa9\xc3\xaf\xc2\xbf\xc2\xbe"} ])
{
	my ($format, $key, $part) = @$case;
	my $content = decode_base64($node->safe_psql('latin', "SELECT encode(content, 'base64') FROM gdpr.export('person', '$key', '$format') WHERE file LIKE '%person%'"));
	like($content, qr/\Q$part\E/, "$format of a database in LATIN1");
}

# The recipe of the manual.
mkdir "$base/recipe";
my $recipe = <<'END';
set -e
psql -XAtq -v FETCH_COUNT=1 -U officer -d "$1" -f - <<'SQL' | while IFS='|' read -r f c; do printf %s "$c" | base64 -d >"$f"; done
SELECT file, translate(encode(content, 'base64'), E'\n', '') FROM gdpr.export('person', '1');
SQL
python3 -c 'import json; [print(f["sha256"], "", f["name"]) for f in json.load(open("manifest.json"))["files"]]' | sha256sum --quiet -c
END
ok(IPC::Run::run([ 'sh', '-c', $recipe, 'sh', $node->connstr('postgres') ], init => sub { chdir "$base/recipe" or die }), 'the recipe of the manual works');
is(system("diff -r $base/csv $base/recipe >/dev/null"), 0, 'and gives the files');

# ---- Sealed: gpg opens it, and it alone ------------------------------------------------------------------------------

my $home = PostgreSQL::Test::Utils::tempdir_short();
chmod 0700, $home;
$ENV{GNUPGHOME} = $home;
my @gpg = ('gpg', '--batch', '--quiet', '--no-tty');

sub gpg
{
	my ($out, $err) = ('', '');
	my $good = IPC::Run::run([ @gpg, @_ ], '>', \$out, '2>', \$err);
	return ($out, $good ? '' : "failed: $err");
}

sub key_of
{
	my ($name, @parameters) = @_;
	open my $file, '>', "$home/parameters" or die;
	print $file join("\n", '%no-protection', @parameters, "Name-Email: $name", 'Expire-Date: 0', '%commit', '');
	close $file;
	is((gpg('--gen-key', "$home/parameters"))[1], '', "a key for $name");
	return (gpg('--armor', '--export', $name))[0];
}

my $rsa = key_of('ada@example.org', 'Key-Type: RSA', 'Key-Length: 2048', 'Subkey-Type: RSA', 'Subkey-Length: 2048');
my @sealed = files("'1', public_key => '$rsa'", "$base/sealed");
is_deeply([ sort @sealed ], [ 'manifest.json.pgp', 'public.event.csv.pgp', 'public.person.csv.pgp' ], 'sealed files are named so');
for my $file (@sealed)
{
	my ($content, $failed) = gpg('--decrypt', "$base/sealed/$file");
	is($failed, '', "gpg opens $file") and ok($content eq slurp_file("$base/csv/" . $file =~ s/\.pgp$//r), "$file: the file itself is within");
}
my ($packets) = gpg('--list-packets', "$base/sealed/public.event.csv.pgp");
like($packets, qr/:encrypted data packet:.*mdc_method: 2/s, 'sealed with a check of integrity');
unlike(slurp_file("$base/sealed/public.person.csv.pgp"), qr/one\@example/, 'nothing of it can be read');
@sealed = files(q{'1', passphrase => 'correct horse'}, "$base/phrase");
for my $file (@sealed)
{
	my ($content, $failed) = gpg('--pinentry-mode', 'loopback', '--passphrase', 'correct horse', '--decrypt', "$base/phrase/$file");
	is($failed, '', "gpg opens $file by the passphrase") and ok($content eq slurp_file("$base/csv/" . $file =~ s/\.pgp$//r), "$file: the file itself is within");
}
like((gpg('--pinentry-mode', 'loopback', '--passphrase', 'correct horse', '--list-packets', "$base/phrase/manifest.json.pgp"))[0],
	qr/:symkey enc packet: version 4, cipher 9,.*s2k 3, hash 2/, 'AES-256, and a salted, iterated passphrase');
isnt((gpg('--pinentry-mode', 'loopback', '--passphrase', 'wrong horse', '--decrypt', "$base/phrase/manifest.json.pgp"))[1], '', 'Attack: another passphrase does not');
my $curve = key_of('eve@example.org', 'Key-Type: EDDSA', 'Key-Curve: ed25519', 'Subkey-Type: ECDH', 'Subkey-Curve: cv25519');
my ($code, $out, $err) = $node->psql('postgres', "SELECT count(*) FROM gdpr.export('person', '1', public_key => '$curve')", extra_params => [ '-U', 'officer' ]);
like($err, qr/public_key is none that an export can be sealed with.*RSA or ElGamal/s, 'a key that pgcrypto cannot use is refused with a hint');
unlike(slurp_file($node->logfile) =~ s/^.*STATEMENT:.*$//gmr, qr/correct horse/, 'Attack: the log has no passphrase');
system('gpgconf', '--kill', 'all');

# ---- Memory: many rows cost the server what few do ---------------------------------------------------------------------

$node->safe_psql('postgres', "INSERT INTO person (id, email) VALUES (3, 'three\@example.org');
  INSERT INTO event SELECT g, 3, repeat('event ' || g || ' ', 60) FROM generate_series(1000, 1000 + $rows - 1) g;");

# peak(statement, file): how much the backend's memory grew, in kilobytes, while it answered into the file.
sub peak
{
	my ($statement, $file) = @_;
	my ($stdout, $stderr) = ('', '');
	my $script = <<"END";
\\set FETCH_COUNT 1
SELECT gdpr.access('person', '2') IS NOT NULL \\g /dev/null
SELECT count(*) FROM gdpr.export('person', '2') \\g /dev/null
SELECT pg_backend_pid() AS pid \\gset
\\setenv BACKEND :pid
\\! echo 5 > /proc/\$BACKEND/clear_refs; grep VmHWM /proc/\$BACKEND/status
\\o $file
$statement;
\\o
\\! grep VmHWM /proc/\$BACKEND/status
END
	IPC::Run::run([ 'psql', '-XAtq', '-U', 'officer', '-d', $node->connstr('postgres'), '-f', '-' ], '<', \$script, '>', \$stdout, '2>', \$stderr);
	my @peaks = $stdout =~ /VmHWM:\s+(\d+) kB/g;
	note("memory: $peaks[0] kB, at most $peaks[1] kB; $stderr");
	return ($peaks[1] - $peaks[0], $stderr);
}

for my $format (qw(csv json))
{
	my ($grown) = peak("SELECT file, translate(encode(content, 'base64'), E'\\n', '') FROM gdpr.export('person', '3', '$format')", "$base/$format.b64");
	cmp_ok($grown, '<', 100_000, "$format of $rows rows takes less than 100 MB");
	mkdir "$base/$format-many";
	open my $in, '<', "$base/$format.b64" or die;
	while (<$in>) { chomp; store("$base/$format-many", split(/\|/, $_, 2)); }
	close $in;
	is(sums("$base/$format-many") =~ s/OK|\s//gr, '', "$format: every part is as the manifest says");
	my $count = python(<<'END', "$base/$format-many");
import csv, glob, json, sys
csv.field_size_limit(10**9)
ids = []
for path in sorted(glob.glob(sys.argv[1] + '/public.event.part-*')):
    rows = json.load(open(path)) if path.endswith('json') else csv.DictReader(open(path, newline=''))
    ids += [int(row['id']) for row in rows]
print(len(ids), ids == sorted(set(ids)), sum(f['rows'] for f in json.load(open(sys.argv[1] + '/manifest.json'))['files']))
END
	is($count, "$rows True " . ($rows + 1), "$format: the parts together are every row once, in order");
}
my ($grown, $said) = peak("SELECT gdpr.access('person', '3')", '/dev/null');
like($said, qr/more is held of this person than one answer can be/, 'access() says where to turn when an answer would be too large');
cmp_ok($grown, '<', 120_000, 'and takes no more memory than an answer may');

# The largest answer there can be.
$node->safe_psql('postgres', "DELETE FROM event WHERE person_id = 3 AND id >= 1000 + 30000");
($grown, $said) = peak("SELECT length(gdpr.access('person', '3')::text) > 20000000", '/dev/null');
is($said, '', 'an answer of more than 20 MB is given');
cmp_ok($grown, '<', 450_000, 'with memory of about ten times its size') or diag($grown);

done_testing();
