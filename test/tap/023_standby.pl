# A streaming standby, with the keyring and without: reads, rights, restriction, promotion.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use File::Copy;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', 'max_locks_per_transaction = 256'); # CREATE EXTENSION makes more than 10 connections leave room for
$primary->start;
$primary->safe_psql('postgres', q{
CREATE EXTENSION gdpr CASCADE;
CREATE ROLE app LOGIN; CREATE ROLE officer LOGIN; GRANT gdpr_officer TO officer;
CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, town text);
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
CALL gdpr.apply();
GRANT SELECT, INSERT, UPDATE ON person TO app;
INSERT INTO person SELECT g, 'p' || g || '@example.it', 'Roma' FROM generate_series(1, 200) g;
ANALYZE person;
});
$primary->backup('base');
my $keyring = $primary->data_dir . '.gdpr-keyring';

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
my $copy = $standby->data_dir . '.gdpr-keyring';
$standby->start;

# What was never on the standby's disk: the keyring is beside the data directory, and a base backup does not take it.
ok(!-e $copy, 'a base backup does not bring the keyring along');

sub answer
{
	my ($node, $sql, $user) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $user // 'app' ]);
	$err =~ s/^psql:<stdin>:\d+: //gm;
	$err =~ s/^(LOCATION: |LINE \d+: | +\^).*\n?//gm;
	return join "\n", grep { $_ ne '' } $out, $err;
}

# ---- Without the keyring ---------------------------------------------------

my $missing = qr/^ERROR:  58P01: the keyring "\Q$copy\E" does not exist\nDETAIL:  The key provider is "file"\.\nHINT:  Restore the keyring from its backup/;
like(answer($standby, 'SELECT email FROM person WHERE id = 1'), $missing, 'without the keyring: a clear error');
like(answer($standby, q{SELECT id FROM person WHERE email = 'p7@example.it'}), $missing, 'also for a condition');
is(answer($standby, 'SELECT town FROM person WHERE id = 7'), 'Roma', 'plain columns are read');
ok(!-e $copy, 'none was made');
$primary->safe_psql('postgres', q{INSERT INTO person VALUES (1000, 'later@example.it', 'Bari')});
$primary->wait_for_catchup($standby);
is(answer($standby, 'SELECT town FROM person WHERE id = 1000'), 'Bari', 'and replay goes on');

# ---- With it ---------------------------------------------------------------

copy($keyring, $copy) or die $!;
chmod 0600, $copy;
is(answer($standby, q{SELECT id FROM person WHERE email = 'later@example.it'}), '1000', 'with the keyring: found by the index');
is(answer($standby, q{SELECT count(*), min(email) FROM person}), '201|later@example.it', 'sorted and counted');
is(answer($standby, q{SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT id FROM person WHERE email = 'p7@example.it'}) =~ /Index Scan/, 1, 'by the index');
is(answer($standby, q{SELECT subject_table, key FROM gdpr.find('p7@example.it')}, 'officer'), 'person|7', 'gdpr.find');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM gdpr.key_status WHERE state = 'active' AND use = 'data'}), '1', 'the standby knows the active key');
is($standby->safe_psql('postgres', 'SELECT gdpr.database_identity()'), $primary->safe_psql('postgres', 'SELECT gdpr.database_identity()'), 'and is the same database');
like(answer($standby, 'CALL gdpr.rotate_root_key()', 'postgres'), qr/^ERROR:  25006/, 'keys are rotated on the primary');
is((-s $copy), (-s $keyring), 'nothing was written to the standby\'s keyring');

# A restriction on the primary binds on the standby as soon as it is there.
is(answer($standby, 'SELECT town FROM person WHERE id = 9'), 'Roma', 'before a restriction');
$primary->safe_psql('postgres', q{SELECT gdpr.restrict('person', '9', 'accuracy contested')});
$primary->wait_for_catchup($standby);
is(answer($standby, 'SELECT town FROM person WHERE id = 9'), '', 'a restricted person is out of sight on the standby');
is(answer($standby, 'SELECT count(*) FROM person'), '200', 'and is not counted');
my $copied = answer($standby, 'COPY person TO STDOUT');
like($copied, qr/^7\t/m, 'COPY on the standby gives the others');
unlike($copied, qr/^9\t|ERROR/m, 'Attack: COPY on the standby shows them');

# ---- New keys --------------------------------------------------------------

# The primary's keyring gets a new data key that the standby's copy lacks: gdpr.key, which is replicated, has it.
$primary->safe_psql('postgres', "CALL gdpr.rotate_data_key('person')");
$primary->wait_for_catchup($standby);
is(answer($standby, q{SELECT email FROM person WHERE id = 7}), 'p7@example.it', 'a data key made since is read from the table');
is(answer($standby, q{SELECT id FROM person WHERE email = 'p7@example.it'}), '7', 'and its index entries compared');
# A new root key is not: the copy must be renewed.
$primary->safe_psql('postgres', 'CALL gdpr.rotate_root_key()');
$primary->wait_for_catchup($standby);
like(answer($standby, q{SELECT email FROM person WHERE id = 7}), qr/^ERROR:  F0000: root key of epoch 2 is not in the keyring\nDETAIL:  The keyring is "\Q$copy\E", provider "file"\.\nHINT:  Restore the keyring/,
	'after a new root key an old copy says which epoch it lacks');
copy($keyring, $copy) or die $!;
is(answer($standby, q{SELECT email FROM person WHERE id = 7}), 'p7@example.it', 'and a new copy mends it');

# ---- The primary without its keyring ---------------------------------------

$primary->safe_psql('postgres', 'CREATE TABLE worn (id int, v gdpr.encrypted_text); CREATE INDEX ON worn (v); INSERT INTO worn SELECT g, g FROM generate_series(1, 500) g; DELETE FROM worn WHERE id % 7 = 0');
rename $keyring, "$keyring.away" or die $!;
my $lost = qr/^ERROR:  58P01: the keyring "\Q$keyring\E" does not exist/;
is(answer($primary, 'VACUUM worn', 'postgres'), '', 'without its keyring the primary vacuums');
is(answer($primary, 'SELECT count(id) FROM worn', 'postgres'), '429', 'and reads plain columns');
is(answer($primary, 'VACUUM (FREEZE) worn; UPDATE worn SET id = id + 1000 WHERE id = 1; DELETE FROM worn WHERE id = 2', 'postgres'), '', 'freezes, and changes them');
like(answer($primary, 'ANALYZE worn', 'postgres'), $lost, 'statistics of encrypted columns need it');
like(answer($primary, "INSERT INTO worn VALUES (1, 'x')", 'postgres'), $lost, 'and writing');
is(answer($primary, 'SELECT count(*), min(id) FROM worn', 'postgres'), '428|3', 'of what failed nothing is left');
ok(!-e $keyring, 'no new keyring was made');
rename "$keyring.away", $keyring or die $!;
is(answer($primary, 'ANALYZE worn; SELECT count(v) FROM worn; DROP TABLE worn', 'postgres'), '428', 'with it back all works');

# ---- Promotion -------------------------------------------------------------

$primary->stop;
$standby->promote;
is(answer($standby, q{INSERT INTO person VALUES (2000, 'promoted@example.it', 'Lecce') RETURNING email}), 'promoted@example.it', 'promoted, it writes');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM gdpr.key_status WHERE use = 'data' AND state = 'active'}), '1', 'with the same key');
is(answer($standby, 'SELECT count(*) FROM person WHERE id = 9'), '0', 'restricted people stay restricted');
like($standby->safe_psql('postgres', q{SELECT gdpr.unrestrict('person', '9', 'settled'); SELECT count(*) FROM gdpr.plan()}), qr/^0$/m, 'and officers go on');
is($standby->safe_psql('postgres', "CALL gdpr.rotate_data_key('person'); SELECT count(*), count(DISTINCT email) FROM person"), '202|202', 'keys are rotated here now');
is(answer($standby, q{SELECT id FROM person WHERE email = 'promoted@example.it'}), '2000', 'and read');

$standby->stop;
done_testing();
