# A role's own session_preload_libraries takes the place of the database's: its sessions begin without the library. What
# guards people holds all the same, from the first statement on.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('late');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', q{
	CREATE EXTENSION gdpr CASCADE;
	CREATE ROLE officer LOGIN;
	GRANT gdpr_officer TO officer;
	CREATE ROLE app LOGIN;
	CREATE ROLE tied LOGIN;
	CREATE TABLE account (id int PRIMARY KEY);
	CREATE TABLE person (id int PRIMARY KEY, email text, account_id int REFERENCES account ON DELETE CASCADE);
	CREATE TABLE visit (id int PRIMARY KEY, person_id int REFERENCES person ON DELETE CASCADE, place text);
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN visit.place IS 'personal';
	ALTER TABLE account OWNER TO app;
	ALTER TABLE person OWNER TO app;
	ALTER TABLE visit OWNER TO app;
	CALL gdpr.apply();
	GRANT SELECT ON person, visit TO tied;
	INSERT INTO account SELECT generate_series(1, 4);
	INSERT INTO person VALUES (1, 'rita@example.it', 1), (2, 'bruno@example.it', 2), (3, 'carla@example.it', 3), (4, 'gone@example.it', 4);
	INSERT INTO visit SELECT g, g, 'place ' || g FROM generate_series(1, 4) g;
	INSERT INTO gdpr.purpose (name, description, basis) VALUES ('billing', 'we send bills', 'contract');
	SELECT gdpr.restrict('person', '1', 'contested');
	SELECT gdpr.forget('person', '4', 'request');
	SELECT gdpr.set_blocklist_action('person', 'reject');
	SELECT gdpr.assign_purpose('tied', 'billing');
});
my ($out, $err) = ('', '');
$node->psql('crm', 'ALTER ROLE app SET session_preload_libraries = auto_explain', stderr => \$err);
like($err, qr/WARNING: .*sessions of role app will begin without gdpr/, 'whoever sets it is told');
$node->psql('crm', q{ALTER ROLE app IN DATABASE crm SET session_preload_libraries = 'auto_explain, gdpr'}, stderr => \$err);
is($err, '', 'but not where gdpr is named');
$node->psql('crm', q{ALTER ROLE app IN DATABASE crm RESET session_preload_libraries}, stderr => \$err);
$node->psql('crm', q{ALTER ROLE tied IN DATABASE crm SET session_preload_libraries = auto_explain}, stderr => \$err);
like($err, qr/WARNING: .*role tied/, 'in this database alone, too');
$node->psql('crm', q{BEGIN; ALTER DATABASE crm SET session_preload_libraries = 'auto_explain'; ROLLBACK}, stderr => \$err);
like($err, qr/WARNING: .*sessions of database crm will begin without gdpr/, 'and of a database');

# Each in a session of its own, so that it is what makes the library come, if anything does.
sub first
{
	my ($sql, $role) = @_;
	($out, $err) = ('', '');
	$node->psql('crm', $sql, stdout => \$out, stderr => \$err, connstr => $node->connstr('crm') . ' user=' . ($role // 'app'));
	return $out . ($err =~ /ERROR:\s+([^\n]*)/ ? "ERROR $1" : '');
}
like(first('SHOW gdpr.output'), qr/ERROR unrecognized/, 'the session has not the library');
is(first('SELECT id, email FROM person ORDER BY id'), "2|bruno\@example.it\n3|carla\@example.it", 'nobody restricted is read');
is(first('SELECT id FROM visit ORDER BY id'), "2\n3", 'nor what is theirs');
is(first(q{SELECT id FROM person WHERE email = 'rita@example.it'}), '', 'nor by the index');
is(first('COPY person (id) TO STDOUT'), "2\n3", 'nor copied out');
is(first('COPY (SELECT id FROM visit) TO STDOUT'), "2\n3", 'nor by a query');
is(first('BEGIN; DECLARE c CURSOR FOR SELECT id FROM person ORDER BY id; FETCH ALL FROM c; COMMIT'), "2\n3", 'nor by a cursor');
is(first('UPDATE person SET account_id = NULL WHERE id = 1 RETURNING id'), '', 'nor changed');
is(first('DELETE FROM visit WHERE id = 1 RETURNING id'), '', 'nor deleted');
like(first('DELETE FROM account WHERE id = 1'), qr/ERROR processing is restricted/, 'nor by a foreign key');
like(first('TRUNCATE account, person, visit'), qr/ERROR processing is restricted/, 'nor emptied');
like(first(q{INSERT INTO person VALUES (5, 'gone@example.it', NULL)}), qr/ERROR.*asked to be forgotten/, 'a forgotten person is recognised');
like(first(qq{COPY person (id, email) FROM STDIN;\n6\tgone\@example.it\n\\.\n}), qr/ERROR/, 'or the copy refused');
like(first('ALTER TABLE person NO FORCE ROW LEVEL SECURITY'), qr/ERROR permission denied/, 'and the owner undoes nothing');
like(first(q{SECURITY LABEL FOR gdpr ON TABLE person IS NULL}), qr/ERROR/, 'nor by a label');
is(first('ALTER TABLE person ALTER COLUMN email TYPE varchar(80), ALTER COLUMN id TYPE bigint'), '', 'a migration writes plain types');
is($node->safe_psql('crm', q{SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'person'::regclass AND attnum IN (1, 2)}), 'bigint, gdpr.encrypted_varchar(80)', 'and what is encrypted stays so');
is(first('SELECT id FROM person ORDER BY id'), "2\n3", 'nor is anything undone by it');
like(first('SELECT count(*) FROM person', 'tied'), qr/ERROR/, 'whoever is tied to a purpose must name it');
is(first(q{SET gdpr.purpose = 'billing'; SELECT count(*) FROM person}, 'tied'), '2', 'and then sees whom they may');
is($node->safe_psql('crm', 'SELECT count(*) FROM person'), '3', 'all are still there');
is($node->safe_psql('crm', q{SELECT count(*) FROM gdpr.audit_record WHERE operation = 'INSERT' AND relation = 'person'::regclass}), '4',
	'and only what was done is on record');
is(first(q{INSERT INTO person VALUES (7, 'new@example.it', NULL)}), '', 'what is allowed is done');
is($node->safe_psql('crm', q{SELECT count(*) FROM gdpr.audit_record WHERE operation = 'INSERT' AND relation = 'person'::regclass}), '5',
	'and recorded');
$node->stop;
done_testing();
