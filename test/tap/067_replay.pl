# The journal outside the database: what a restore undoes is done again, without having stored who it was done to.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('replay');
$node->init(has_archiving => 1, allows_streaming => 1);
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256'); # CREATE EXTENSION makes more than 10 connections leave room for
$node->start;
my $keyring = $node->data_dir . '.gdpr-keyring';
my $journal = "$keyring.journal";

$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', q{
	CREATE EXTENSION gdpr CASCADE;
	CREATE ROLE officer LOGIN;
	GRANT gdpr_officer TO officer;
	CREATE TABLE person (id int PRIMARY KEY, email text, phone text);
	CREATE TABLE visit (id int PRIMARY KEY, person_id int REFERENCES person, place text);
	CREATE TABLE member (club text, no int, PRIMARY KEY (club, no));
	INSERT INTO person VALUES (1, 'old.hand@example.it', NULL);
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	SECURITY LABEL FOR gdpr ON COLUMN person.phone IS 'personal, identifier';
	SECURITY LABEL FOR gdpr ON TABLE member IS 'subject';
	CREATE TABLE buyer (id int PRIMARY KEY, mail text);
	CREATE TABLE seller (id int PRIMARY KEY, mail text);
	SECURITY LABEL FOR gdpr ON TABLE buyer IS 'subject';
	SECURITY LABEL FOR gdpr ON TABLE seller IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN buyer.mail IS 'personal, identifier, same_person';
	SECURITY LABEL FOR gdpr ON COLUMN seller.mail IS 'personal, identifier, same_person';
	CALL gdpr.apply();
	INSERT INTO person VALUES (2, 'anna@example.it', '+39061234567'), (3, 'bruno@example.it', '+39061234567'),
		(4, 'carla@example.it', NULL), (5, 'dino@example.it', NULL), (6, 'emma@example.it', NULL), (7, NULL, NULL),
		(8, 'franco@example.it', NULL), (9, 'gina@example.it', NULL), (20, 'held@example.it', NULL);
	SELECT gdpr.hold('person', '20', 'a lawsuit');
	INSERT INTO visit SELECT g, 1 + g % 9, 'place ' || g FROM generate_series(1, 18) g;
	INSERT INTO member VALUES ('golf', 7), ('chess', 7);
	INSERT INTO buyer VALUES (1, 'both@example.it'), (2, 'one@example.it');
	INSERT INTO seller VALUES (1, 'both@EXAMPLE.it'), (2, 'other@example.it');
	INSERT INTO gdpr.purpose (name, description, basis) VALUES ('newsletter', 'our monthly news', 'consent');
	SELECT gdpr.give_consent('person', '5', 'newsletter', '{"wording": "I want the news"}');
	SELECT gdpr.give_consent('person', '6', 'newsletter', '{"wording": "I want the news"}');
});

# As the officer.
sub officer
{
	my ($database, $sql, $on) = @_;
	return ($on // $node)->safe_psql($database, $sql, connstr => ($on // $node)->connstr($database) . ' user=officer');
}

sub people { return ($_[1] // $node)->safe_psql($_[0], q{SELECT string_agg(id::text, ' ' ORDER BY id) FROM person}) }

my $replay = 'SELECT subject_table::text, erased, action FROM gdpr.replay_erasures() ORDER BY 1, 3';

# Before anything happened.
my $dump = $node->basedir . '/crm.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('crm') ], 'a dump');
$node->backup('base');

# What happens afterwards, among it people who leave and come back, and keys that are given anew.
my $before = $node->safe_psql('crm', 'SELECT pg_switch_wal(); SELECT clock_timestamp()');
$before =~ s/.*\n//s;
$node->safe_psql('crm', q{
	UPDATE person SET email = 'anna.new@example.it' WHERE id = 4;
	DELETE FROM visit WHERE person_id = 8;
	DELETE FROM person WHERE id = 8;
	INSERT INTO person VALUES (8, 'the.next@example.it', NULL), (10, 'late@example.it', NULL);
});
officer('crm', q{SELECT gdpr.release('person', '20')});
officer('crm', "SELECT gdpr.forget('person', '$_', 'request')") for (1, 2, 4, 7, 8, 10, 20);
officer('crm', q{
	SELECT gdpr.forget('member', '(golf,7)', 'request');
	SELECT gdpr.forget('buyer', '1', 'of one person in two tables');
	SELECT gdpr.restrict('person', '3', 'accuracy contested');
	SELECT gdpr.restrict('person', '5', 'accuracy contested');
	SELECT gdpr.unrestrict('person', '5', 'settled');
	SELECT gdpr.restrict('person', '9', 'for a day', now() + interval '1 day');
	SELECT gdpr.withdraw_consent('person', '5', 'newsletter');
	SELECT gdpr.withdraw_consent('person', '6', 'newsletter');
	SELECT gdpr.give_consent('person', '6', 'newsletter', '{"wording": "I want it again"}');
	SELECT gdpr.forget('person', '6', 'a dry run', true);
	INSERT INTO gdpr.purpose (name, description, basis, balancing_test) VALUES ('newsletter_sms', 'news by telephone', 'legitimate_interests', 'file 1');
	SELECT gdpr.record_objection('person', '9', 'newsletter');
	SELECT gdpr.record_objection('person', '3', 'newsletter', automated => true);
	SELECT gdpr.record_objection('person', '5', 'newsletter');
	SELECT gdpr.withdraw_objection('person', '5', 'newsletter');
	SELECT gdpr.record_objection('person', '6', 'newsletter_sms', 'too late at night');
});
$node->psql('crm', q{BEGIN; SELECT gdpr.forget('person', '5', 'rolled back'); ROLLBACK});
$node->psql('crm', q{BEGIN; SAVEPOINT a; SELECT gdpr.forget('person', '9', 'half rolled back'); ROLLBACK TO a; COMMIT});

my $content = slurp_file($journal);
my $hashes = () = $content =~ /^[0-9a-f]{8} intent/mg;
is($hashes, 24, 'an intent for each act that was committed, and for no other');
is(() = $content =~ /^[0-9a-f]{8} confirmed/mg, 24, 'and a confirmation');
unlike($content, qr/$_/i, "no $_ in the journal") for ('anna', 'example', '1234567', 'golf', 'officer', 'contested', 'night');
is((stat $journal)[2] & 0777, 0600, 'only the server can read it');
is(officer('crm', $replay), '', 'nothing to do where nothing was undone');

# ---- A restore from the dump ---------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'ALTER DATABASE crm RENAME TO broken');
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('crm'), $dump ], 'the dump restored');
is(people('crm'), '1 2 3 4 5 6 7 8 9 20', 'everybody is back');

# The old database still exists: whose acts are they?
like(officer('crm', $replay), qr/person\|\d+\|ask/, 'asked, while the database that they were done in is still there');
is(people('crm'), '1 2 3 4 5 6 7 8 9 20', 'and nothing done');
$node->safe_psql('postgres', 'DROP DATABASE broken');

# Somebody signs up before the replay, with an address of a forgotten person; another under a key of one.
$node->safe_psql('crm', q{
	INSERT INTO person VALUES (11, 'anna@example.it', NULL), (10, 'nobody.of.before@example.it', NULL)});
is(officer('crm', $replay), "buyer|1|forget\nmember|1|forget\nperson|4|forget\nperson|2|object\nperson|2|receipt\nperson|2|refused\nperson|2|restrict\nperson|1|withdraw\nseller|1|forget\n|4|block",
	'replayed');
is(people('crm'), '3 5 6 8 9 10 11 20',
	'forgotten again: one from before gdpr, one whose address changed, one without identifiers; not the one who shares '
	  . 'a telephone, not the earlier bearer of a key, not who came since');
is($node->safe_psql('crm', q{SELECT club FROM member}), 'chess', 'composite keys, too');
is($node->safe_psql('crm', q{SELECT 'buyer', id FROM buyer UNION ALL SELECT 'seller', id FROM seller}), "buyer|2\nseller|2",
	'one person in two tables from each, by an entry for each');
is($node->safe_psql('crm', q{SELECT string_agg(key::text, ' ' ORDER BY key) FROM gdpr.restriction WHERE kind <> 'hold'}), '3 9',
	'restricted again, but not whose restriction was lifted');
is($node->safe_psql('crm', q{SELECT gdpr.has_consent('person', '5', 'newsletter'), gdpr.has_consent('person', '6', 'newsletter')}),
	'f|t', 'withdrawn again, but not who agreed anew');
my $objections = q{SELECT string_agg(key::text || ' ' || purpose || ' ' || automated, ', ' ORDER BY key) FROM gdpr.objection};
is($node->safe_psql('crm', $objections), '3 newsletter true, 9 newsletter false',
	'objects again, to what they objected to, but not who withdrew it, nor to a purpose that is not there');
is($node->safe_psql('crm', q{SELECT count(*) FROM gdpr.erasure}), 9, 'receipts of all erasures');
my ($out, $err);
$node->psql('crm', q{INSERT INTO person VALUES (12, 'late@example.it', NULL)}, stderr => \$err);
like($err, qr/asked to be forgotten/, 'the blocklist knows who was never in the dump');
is(officer('crm', $replay), 'person|2|refused', 'a legal hold that came back stands in the way of nobody else');
officer('crm', q{INSERT INTO gdpr.purpose (name, description, basis, balancing_test) VALUES ('newsletter_sms', 'by telephone', 'legitimate_interests', 'file 1')});
is(officer('crm', $replay), "person|1|object\nperson|1|refused", 'a purpose that is there again is objected to again');
is(officer('crm', $replay), 'person|1|refused', 'once');
officer('crm', q{SELECT gdpr.release('person', '20')});
is(officer('crm', $replay), 'person|1|forget', 'and is released first');
is(officer('crm', $replay), '', 'another replay finds nothing to do');
is(() = slurp_file($journal) =~ /^[0-9a-f]{8} intent/mg, 24, 'and replaying is no act of its own');

# ---- Point-in-time recovery ----------------------------------------------------------------------------------------

$node->safe_psql('crm', 'SELECT pg_switch_wal()');
my $pitr = PostgreSQL::Test::Cluster->new('pitr');
$pitr->init_from_backup($node, 'base', has_restoring => 1, standby => 0);
$pitr->append_conf('postgresql.conf', "recovery_target_time = '$before'\nrecovery_target_action = promote\n"
	  . "gdpr.keyring_file = '$keyring'");
$pitr->start;
$pitr->poll_query_until('crm', 'SELECT NOT pg_is_in_recovery()');
is(people('crm', $pitr), '1 2 3 4 5 6 7 8 9 20', 'recovered to before');
is(officer('crm', $replay, $pitr), "buyer|1|forget\nmember|1|forget\nperson|4|forget\nperson|2|object\nperson|2|receipt\nperson|2|refused\nperson|2|restrict\nperson|1|withdraw\nseller|1|forget\n|4|block",
	'replayed');
is(people('crm', $pitr), '3 5 6 8 9 20', 'the same people');
is($pitr->safe_psql('crm', $objections), '3 newsletter true, 9 newsletter false', 'and the same objections');
$pitr->stop;

$node->stop;
done_testing();
