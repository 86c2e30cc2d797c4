# Rotation of data keys: tables are re-encrypted while applications write, without their triggers hearing of it; an
# interrupted rotation goes on where it was; uses are counted, and a key is succeeded before they are too many.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('rotation');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nlog_min_messages = warning\ndeadlock_timeout = 100ms");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql(
	'crm', q{
CREATE EXTENSION gdpr CASCADE;
CREATE EXTENSION amcheck;
CREATE ROLE dba LOGIN; GRANT gdpr_admin TO dba;
CREATE ROLE app LOGIN;
CREATE TABLE person (email text PRIMARY KEY, name text, n int NOT NULL DEFAULT 0, note text);
CREATE TABLE visit (id int, email text REFERENCES person ON UPDATE CASCADE, place text) PARTITION BY RANGE (id);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (1000);
CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (1000) TO (10000);
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN visit.email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN visit.place IS 'personal, encrypted';
CALL gdpr.apply();
CREATE INDEX ON person (name);
CREATE INDEX ON visit (email);
INSERT INTO person SELECT 'p' || g || '@example.it', 'name ' || g, 0, repeat(md5(g::text), 100) FROM generate_series(1, 3000) g;
INSERT INTO visit SELECT g, 'p' || 1 + g % 3000 || '@example.it', repeat('place ' || g || ' ', 40) FROM generate_series(0, 2999) g;
CREATE TABLE fired (what text);
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.fired VALUES (TG_OP); RETURN NEW; END$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON person, visit, fired TO app;
ANALYZE person;
});
$node->safe_psql('crm', q{
CREATE TRIGGER fire BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION fire();
ALTER TABLE person ENABLE ALWAYS TRIGGER fire;
CREATE TRIGGER fire_too AFTER UPDATE ON person FOR EACH STATEMENT EXECUTE FUNCTION fire();
ALTER TABLE person ALTER name SET DEFAULT 'nobody', ADD CHECK (name <> 'forbidden');
CREATE VIEW known AS SELECT n FROM person WHERE name = 'name 7';
});

my $sum = q{
SELECT count(*), md5(string_agg(format('%s %s %s', email, name, md5(note)), ',' ORDER BY email)) FROM person;
SELECT count(*), md5(string_agg(v::text, ',' ORDER BY id)) FROM visit v;
};
my $before = $node->safe_psql('crm', $sum);
my $rotating = q{SELECT relation::text, step, rows, remaining FROM gdpr.key_rotation ORDER BY 1};

# keys('table.column', …): under how many data keys its values are, and whether one of them is the active one.
sub keys_of
{
	my ($table, $column) = @_;
	return $node->safe_psql('crm', qq{
SET gdpr.output = 'cipher';
SELECT count(DISTINCT k), bool_or(k = a.key) FROM (
    SELECT encode(reverse_bytes(substring(decode(substr(format('%s', $column), 19), 'base64') FROM 2 FOR 4)), 'hex') AS k FROM $table) v,
    (SELECT key FROM gdpr.key_status WHERE use = 'data' AND state = 'active') a});
}
$node->safe_psql('crm', q{
CREATE FUNCTION reverse_bytes(bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$SELECT string_agg(substring($1 FROM i FOR 1), '' ORDER BY i DESC) FROM generate_series(1, length($1)) i$$});
# The literal carries the key's number little-endian, as this machine writes it.
is(keys_of('person', 'email'), '1|t', 'before: one key');

sub answer
{
	my ($sql, $user) = @_;
	my ($status, $out, $err) = $node->psql('crm', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $user // 'dba' ]);
	$err =~ s/^psql:<stdin>:\d+: //gm;
	$err =~ s/^LOCATION: .*\n?//gm;
	return join "\n", grep { $_ ne '' } $out, $err;
}

# ---- Who may, and how ------------------------------------------------------

like(answer('CALL gdpr.rotate_data_key()', 'app'), qr/^ERROR:  42501/, 'Attack: an application rotates keys');
like(answer('BEGIN; CALL gdpr.rotate_data_key()'), qr/^ERROR:  2D000: gdpr.rotate_data_key\(\) cannot run in a transaction block/, 'not in a transaction block');
like(answer("CALL gdpr.rotate_data_key('fired')"), qr/^ERROR:  42809: public.fired has no encrypted columns/, 'nor of a table without encrypted columns');
is($node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data'"), '1', 'none of that made a key');

# ---- Killed in the middle, twice -------------------------------------------

my $audited = 'SELECT count(*) FROM gdpr.audit_record';
my $records = $node->safe_psql('crm', $audited);

# Runs a rotation that comes to wait for what $blocker holds, and kills it there.
sub strike
{
	my ($hold, $call, $reached) = @_;
	my $blocker = Session->new($node, 'crm');
	$blocker->query("BEGIN; $hold");
	my $victim = Session->new($node, 'crm', 'user=dba');
	my $pid = $victim->query('SELECT pg_backend_pid()');
	$victim->send($call);
	$node->poll_query_until('crm', $reached) or die 'it does not come so far';
	$node->poll_query_until('crm', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die 'it does not wait';
	my $progress = $node->safe_psql('crm', $rotating);
	kill 'KILL', $pid;
	$_->quit for $victim, $blocker;
	$node->poll_query_until('postgres', 'SELECT true', 't') or die 'the server did not come back';
	return $progress;
}

is(strike('LOCK TABLE visit_2 IN SHARE MODE', "CALL gdpr.rotate_data_key('visit')", "SELECT count(*) = 1 FROM gdpr.key_rotation WHERE step = 'done'"),
	"visit_1|done|1000|0\nvisit_2|rewrite|0|", 'killed between two partitions: progress is visible');
is($node->safe_psql('crm', $sum), $before, 'every value is there');
is(keys_of('visit', 'place'), '2|t', 'under two keys now');
is($node->safe_psql('crm', "SELECT state, count(*) FROM gdpr.key_status WHERE use = 'data' GROUP BY 1 ORDER BY 1"), "active|1\nretired|1", 'one of them active');

is(strike(q{UPDATE visit_2 SET place = place || '' WHERE id = 2000; INSERT INTO visit VALUES (5000, 'p1@example.it', 'x')},
		"CALL gdpr.rotate_data_key('visit')", "SELECT count(*) = 1 FROM gdpr.key_rotation WHERE step = 'verify'"),
	"visit_1|done|1000|0\nvisit_2|verify|1999|", 'killed while it waits for whoever writes');
is($node->safe_psql('crm', $sum), $before, 'every value is there');
like(answer("CALL gdpr.rotate_data_key('visit')"), qr/^NOTICE:  00000: \d+ stored constants or statistics are sealed under older keys\nHINT:  SELECT \* FROM gdpr.key_pins/,
	'called again, it ends, and says what else older keys sealed');
is($node->safe_psql('crm', $rotating), "visit_1|done|1000|0\nvisit_2|done|2000|0", 'all rows are done, each once');
is(keys_of('visit', 'place'), '1|t', 'all under the active key');
is(keys_of('visit', 'email'), '1|t', 'both columns');
is($node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data'"), '2', 'the second and third call made no further key');

# ---- While applications write ----------------------------------------------

# Each application adds one to its rows' counters, inserts and deletes, and reads by index; the sums are known.
{
	my $dir = PostgreSQL::Test::Utils::tempdir;
	append_to_file("$dir/load.sql", q{
\set i random(1, 3000)
\set j random(1, 3000)
BEGIN;
UPDATE person SET n = n + 1 WHERE email = 'p' || :i || '@example.it';
UPDATE person SET n = n + 1 WHERE email = 'p' || :j || '@example.it';
INSERT INTO visit VALUES (6000, 'p' || :i || '@example.it', 'passing');
DELETE FROM visit WHERE id = 6000 AND email = 'p' || :i || '@example.it';
COMMIT;
});
	my ($out, $err) = ('', '');
	my $load = IPC::Run::start([ 'pgbench', '-n', '-c', 4, '-T', $ENV{GDPR_ROTATION_SECONDS} // 4, '--max-tries=100', '-U', 'app', '-f', "$dir/load.sql", $node->connstr('crm') ], '>', \$out, '2>', \$err);
	$node->poll_query_until('crm', 'SELECT sum(n) > 10 FROM person') or die 'no load';
	# A plan with a constant under the old key, kept by a session.
	my $prepared = Session->new($node, 'crm', 'user=app');
	$prepared->query(q{PREPARE p AS INSERT INTO visit VALUES (7000, 'p7@example.it', 'prepared'); EXECUTE p; EXECUTE p; EXECUTE p; EXECUTE p; EXECUTE p; EXECUTE p});
	my $rounds = 0;
	do
	{
		unlike(answer('CALL gdpr.rotate_data_key()'), qr/ERROR|WARNING/, 'rotation under load');
		$rounds++;
		$prepared->query('EXECUTE p');
	} while ($rounds < 3 && IPC::Run::pump_nb($load) && $load->pumpable);
	$prepared->quit;
	IPC::Run::finish($load);
	my ($done) = $out =~ /number of transactions actually processed: (\d+)/;
	my ($failed) = $out =~ /number of failed transactions: (\d+)/;
	is($failed, 0, 'no transaction of the application failed') or diag($out, $err);
	is($node->safe_psql('crm', 'SELECT sum(n) FROM person'), 2 * $done, "no update was lost ($done transactions)");
	is(keys_of('visit', 'place'), '1|t', 'rows that a prepared constant wrote meanwhile are under the new key too');
}
is(keys_of($_->[0], $_->[1]), '1|t', "$_->[0].$_->[1] is under the active key alone")
  foreach [ 'person', 'email' ], [ 'person', 'name' ], [ 'visit', 'email' ], [ 'gdpr.audit_record', 'content' ], [ 'gdpr.audit_record', 'key' ];
$node->safe_psql('crm', 'DELETE FROM visit WHERE id >= 5000');
is($node->safe_psql('crm', $sum), $before, 'every value is there');
is($node->safe_psql('crm', q{SET enable_seqscan = off; SELECT n >= 0 FROM person WHERE email = 'p77@example.it'; SELECT count(*) FROM visit WHERE email = 'p77@example.it'}), "t\n1", 'and found by index');
$node->safe_psql('crm', "SELECT bt_index_check(indexrelid, true) FROM pg_index WHERE indrelid IN ('person'::regclass, 'visit_1'::regclass, 'visit_2'::regclass)");
pass('amcheck is content with the indexes');

# ---- Quiet -----------------------------------------------------------------

$node->safe_psql('crm', 'TRUNCATE fired');
$records = $node->safe_psql('crm', $audited);
unlike(answer("CALL gdpr.rotate_data_key('person')"), qr/ERROR|WARNING/, 'rotation in peace');
is($node->safe_psql('crm', $audited), $records, 'the audit log has no record of it');
is($node->safe_psql('crm', 'SELECT count(*) FROM fired'), '0', 'no trigger of the application fired');
is($node->safe_psql('crm', q{UPDATE person SET name = name WHERE n >= 0 RETURNING 1}) =~ tr/1//, 3000, 'an update that changes nothing');
is($node->safe_psql('crm', $audited), $records, 'is none to the log, whatever key the old value is under');

# ---- What rows do not hold -------------------------------------------------

my $pins = $node->safe_psql('crm', 'SELECT DISTINCT kind, object FROM gdpr.key_pins() ORDER BY 1, 2');
like($pins, qr/^constraint\|constraint person_name_check on table public\.person$/m, 'a check is pinned to an older key');
like($pins, qr/^default\|default value for column name of table public\.person$/m, 'a default');
like($pins, qr/^rule or view\|rule _RETURN on view public\.known$/m, 'a view');
like($pins, qr/^statistics\|column name of table public\.person$/m, 'statistics');
$node->safe_psql('crm', 'ANALYZE');
unlike($node->safe_psql('crm', 'SELECT kind FROM gdpr.key_pins()'), qr/statistics/, 'which ANALYZE renews');
$node->safe_psql('crm', q{ALTER TABLE person ALTER name SET DEFAULT 'nobody', DROP CONSTRAINT person_name_check, ADD CHECK (name <> 'forbidden'); CREATE OR REPLACE VIEW known AS SELECT n FROM person WHERE name = 'name 7'});
is($node->safe_psql('crm', 'SELECT count(*) FROM gdpr.key_pins()'), '0', 'and the others are once they are defined anew');
$node->safe_psql('crm', "INSERT INTO person (email) VALUES ('default\@example.it'); DELETE FROM person WHERE email = 'default\@example.it'");

# ---- Values within values ----------------------------------------------------------------

$node->safe_psql('crm', q{
CREATE TYPE inner_row AS (word gdpr.encrypted_text, n int);
CREATE DOMAIN words AS gdpr.encrypted_text[];
CREATE TABLE nested (id int, a gdpr.encrypted_text[], r inner_row, rs inner_row[], w words DEFAULT '{default}');
INSERT INTO nested SELECT g, ARRAY['a' || g, NULL, 'b'], ROW('c' || g, g)::inner_row, ARRAY[ROW('d', 1), NULL]::inner_row[], ARRAY['e' || g] FROM generate_series(1, 50) g;
CREATE VIEW nested_view AS SELECT id FROM nested WHERE a = '{x,y}'::gdpr.encrypted_text[];
CREATE TABLE combined (a gdpr.encrypted_text, b gdpr.encrypted_text);
INSERT INTO combined SELECT 'often', 'together' FROM generate_series(1, 50);
CREATE STATISTICS combination (mcv) ON a, b FROM combined;
CREATE STATISTICS expression ON (gdpr.sealed(lower(a))) FROM combined;
ANALYZE nested, combined;
});
my $within = q{SELECT md5(string_agg(n::text, ',' ORDER BY id)) FROM nested n};
my $nested_before = $node->safe_psql('crm', $within);
$node->safe_psql('crm', q{SET ROLE dba; CALL gdpr.rotate_data_key('combined'); CALL gdpr.rotate_data_key('nested')});
is($node->safe_psql('crm', $within), $nested_before, 'every value is there');
is(keys_of('nested, unnest(a) e', 'e') , '1|t', 'elements of arrays are under the active key alone');
is(keys_of('nested, LATERAL (SELECT (r).word AS e) x', 'e'), '1|t', 'fields of rows');
is(keys_of('nested, unnest(rs) e', '(e).word'), '1|t', 'fields of rows in arrays');
is(keys_of('nested, unnest(w::gdpr.encrypted_text[]) e', 'e'), '1|t', 'and what is below a domain');
my $nested_pins = $node->safe_psql('crm', 'SELECT DISTINCT kind, object FROM gdpr.key_pins() ORDER BY 1, 2');
like($nested_pins, qr/^rule or view\|rule _RETURN on view public\.nested_view$/m, 'an array in a view is a pin');
like($nested_pins, qr/^default\|default value for column w of table public\.nested$/m, 'and one in a default');
like($nested_pins, qr/^statistics\|column a of table public\.nested$/m, 'and those of the statistics');
like($nested_pins, qr/^statistics\|statistics object public\.combination$/m, 'of combinations of columns too');
like($nested_pins, qr/^statistics\|statistics object public\.expression$/m, 'and of expressions');
$node->safe_psql('crm', q{SET ROLE dba; CALL gdpr.rotate_data_key('combined'); RESET ROLE; ANALYZE combined});
unlike($node->safe_psql('crm', 'SELECT object FROM gdpr.key_pins()'), qr/statistics object/, 'which ANALYZE renews');
like(answer('CREATE TYPE span AS RANGE (subtype = gdpr.encrypted_date)'), qr/ranges of encrypted values are not supported/, 'ranges over encrypted values are refused');
$node->safe_psql('crm', q{DROP TABLE nested CASCADE; DROP TABLE combined; ANALYZE});

# ---- Two at once; replica identity; index expressions ----------------------

{
	my $blocker = Session->new($node, 'crm');
	$blocker->query(q{BEGIN; LOCK TABLE visit_2 IN SHARE MODE});
	my $first = Session->new($node, 'crm', 'user=dba');
	my $pid = $first->query('SELECT pg_backend_pid()');
	$first->send("CALL gdpr.rotate_data_key('visit_2')");
	$node->poll_query_until('crm', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die 'it does not wait';
	like(answer("CALL gdpr.rotate_data_key('visit_2')"), qr/^ERROR:  55P03: another session is re-encrypting public.visit_2/, 'a second one on the same table is told so');
	$blocker->query('COMMIT');
	$first->answer;
	$_->quit for $first, $blocker;
}
$node->safe_psql('crm', q{
CREATE ROLE owner; GRANT CREATE ON SCHEMA public TO owner; SET ROLE owner;
CREATE TABLE owned (v gdpr.encrypted_text);
CREATE FUNCTION whoami(gdpr.encrypted_text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN
  IF current_user <> 'owner' THEN RAISE EXCEPTION 'attacked as %', current_user; END IF; RETURN current_user; END$$;
CREATE INDEX ON owned (gdpr.sealed(whoami(v)));
INSERT INTO owned VALUES ('a');
});
unlike(answer("CALL gdpr.rotate_data_key('owned')"), qr/attacked|ERROR/, 'Attack: an owner\'s index expression runs as the owner, not as who rotates');
$node->safe_psql('crm', 'CREATE TABLE unkeyed (v gdpr.encrypted_text); INSERT INTO unkeyed VALUES (1)');
$node->safe_psql('crm', 'CREATE PUBLICATION pub FOR TABLE unkeyed');
like(answer("CALL gdpr.rotate_data_key('unkeyed')"), qr/^ERROR:  55000: cannot update table "unkeyed" because it does not have a replica identity/, 'a published table that could not replicate it');
$node->safe_psql('crm', 'DROP TABLE unkeyed, owned');

# ---- Uses ------------------------------------------------------------------

my $uses = "SELECT uses FROM gdpr.key_status WHERE use = 'data' AND state = 'active'";
$node->safe_psql('crm', 'CREATE TABLE bulk (v gdpr.encrypted_text)');
$node->safe_psql('crm', "CALL gdpr.rotate_data_key('bulk')");
my $at = $node->safe_psql('crm', $uses);
$node->safe_psql('crm', 'INSERT INTO bulk SELECT g FROM generate_series(1, 40000) g');
my $used = $node->safe_psql('crm', $uses) - $at;
cmp_ok($used, '>=', 40000, 'forty thousand uses are counted');
cmp_ok($used, '<', 80000, 'and not many more');
$at = $node->safe_psql('crm', $uses);
$node->psql('crm', 'BEGIN; INSERT INTO bulk SELECT g FROM generate_series(1, 40000) g; ROLLBACK');
cmp_ok($node->safe_psql('crm', $uses) - $at, '>=', 32768, 'those of a transaction that is rolled back too');
$at = $node->safe_psql('crm', $uses);
$node->safe_psql('crm', "INSERT INTO bulk VALUES ('one')") for 1 .. 3;
is($node->safe_psql('crm', $uses) - $at, 3 * 64, 'short sessions reserve few');
$node->safe_psql('crm', "SELECT 'x'::gdpr.encrypted_text FROM generate_series(1, 3)") for 1 .. 3;
is($node->safe_psql('crm', $uses) - $at, 3 * 64, 'and those that only read none');
$node->stop('immediate');
$node->start;
cmp_ok($node->safe_psql('crm', $uses) - $at, '>=', 3 * 64, 'nothing of it is forgotten in a crash');

# A developer's setting lowers the limit: the key is succeeded by itself.
my $old = $node->safe_psql('crm', "SELECT key FROM gdpr.key_status WHERE use = 'data' AND state = 'active'");
like(answer('SET gdpr.key_use_limit = 1000', 'app'), qr/^ERROR:  42501/, 'Attack: a session lowers the limit');
$node->safe_psql('crm', "SET gdpr.key_use_limit = 20000; INSERT INTO bulk SELECT g FROM generate_series(1, 20000) g; INSERT INTO bulk VALUES ('after')");
my $new = $node->safe_psql('crm', "SELECT key FROM gdpr.key_status WHERE use = 'data' AND state = 'active'");
isnt($new, $old, 'at the limit a new key takes over');
is($node->safe_psql('crm', "SELECT state FROM gdpr.key_status WHERE key = '$old'"), 'retired', 'and the old one is retired');
cmp_ok($node->safe_psql('crm', "SELECT uses FROM gdpr.key_status WHERE key = '$old'"), '<', 2**31, 'long before it was used too often');
is($node->safe_psql('crm', 'SELECT count(DISTINCT v) FROM bulk'), '40002', 'values of both are equal where they are');

# Many sessions at the limit at once make one successor.
$node->append_conf('postgresql.conf', 'gdpr.key_use_limit = 10000');
$node->reload;
$node->safe_psql('crm', 'INSERT INTO bulk SELECT g FROM generate_series(1, 9000) g');
my $keys = $node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data'");
{
	my @sessions = map { Session->new($node, 'crm') } 1 .. 6;
	$_->send('BEGIN; INSERT INTO bulk VALUES (1); ROLLBACK; INSERT INTO bulk VALUES (2)') foreach @sessions;
	is($_->answer, '', 'a session goes on') foreach @sessions;
	$_->quit foreach @sessions;
}
is($node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data' AND state = 'active'"), '1', 'there is one active key');
is($node->safe_psql('crm', "SELECT count(*) FROM gdpr.key_status WHERE use = 'data'"), $keys + 1, 'and not a new one for each session');

$node->stop;
done_testing();
