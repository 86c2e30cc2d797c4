# The journal's file: crashes at every moment, a torn or damaged file, writers side by side.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('journal');
$node->init(allows_streaming => 1); # or no commit would wait for a standby
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256'); # CREATE EXTENSION makes more than 10 connections leave room for
$node->append_conf('postgresql.conf',
	"restart_after_crash = on\nmax_prepared_transactions = 5\nlog_min_messages = warning\nsynchronous_commit = local");
$node->start;
my $journal = $node->data_dir . '.gdpr-keyring.journal';

$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', q{
	CREATE EXTENSION gdpr CASCADE;
	CREATE ROLE officer LOGIN;
	GRANT gdpr_officer TO officer;
	CREATE TABLE person (id int PRIMARY KEY, email text);
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	CALL gdpr.apply();
	CREATE TABLE noise (id int);
	INSERT INTO person SELECT g, 'p' || g || '@example.it' FROM generate_series(1, 40) g;
});

sub officer
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('crm', $sql, stdout => \$out, stderr => \$err, connstr => $node->connstr('crm') . ' user=officer');
	return $out . $err;
}

my $questions = 'SELECT act, subject_table, key, question FROM gdpr.journal_questions() ORDER BY 3';
my $replay = 'SELECT subject_table, erased, action FROM gdpr.replay_erasures() ORDER BY 1, 3';
sub there { return $node->safe_psql('crm', "SELECT count(*) FROM person WHERE id = $_[0]") }
sub lines { my ($kind) = @_; return scalar(() = slurp_file($journal) =~ /^[0-9a-f]{8} $kind /mg) }

# A NOTIFY that waits for a standby holds the lock that every other NOTIFY needs at its commit; a commit that waits for
# a standby is on disk already.
sub wait_for_standby
{
	$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'");
	$node->reload;
	$node->poll_query_until('crm', q{SELECT current_setting('synchronous_standby_names') = 'nobody'}) or die;
	return;
}

sub crash
{
	my ($pid) = @_;
	kill 'KILL', $pid or die;
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)") or die;
	$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
	$node->reload;
	return;
}

# ---- Between intent and commit -------------------------------------------------------------------------------------

is(officer("SELECT relation, action FROM gdpr.forget('person', '1', 'request') WHERE relation = 'person'::regclass"),
	'person|delete', 'somebody is forgotten');
is(lines('intent') . lines('confirmed'), '11', 'intent and confirmation');
foreach my $answer ('true', 'false')
{
	my $id = $answer eq 'true' ? 2 : 3;
	wait_for_standby();
	my $holder = Session->new($node, 'crm');
	$holder->send("SET synchronous_commit = on; BEGIN; INSERT INTO noise VALUES (1); NOTIFY x; COMMIT");
	$node->poll_query_until('crm', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'}) or die;
	my $victim = Session->new($node, 'crm', 'user=officer');
	my $pid = $victim->query('SELECT pg_backend_pid()');
	$victim->send("BEGIN; SELECT gdpr.forget('person', '$id', 'request'); NOTIFY y; COMMIT");
	$node->poll_query_until('crm', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die;
	crash($pid);
	$_->quit for $holder, $victim;
	is(there($id), 1, 'the server died before the commit');
	like(officer($questions), qr/^erasure\|public\.person\|$id\|The server stopped before .* Was it\?$/, 'asked about');
	is(officer($replay), 'person|1|ask', 'and not guessed');
	is(there($id), 1, 'nothing is done unasked');
	is(officer("SELECT gdpr.journal_answer(entry, $answer) FROM gdpr.journal_questions()"), '', "answered: $answer");
	is(officer($questions), '', 'no question is left');
	is(officer($replay), $answer eq 'true' ? 'person|1|forget' : '', 'done as answered');
	is(there($id), $answer eq 'true' ? 0 : 1, 'to that person');
}
is(officer($replay), '', 'and nothing is left to do');

# ---- Between commit and confirmation -------------------------------------------------------------------------------

{
	my $confirmed = lines('confirmed');
	my $dump = $node->basedir . '/crm.dump';
	$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('crm') ], 'a dump');
	wait_for_standby();
	my $victim = Session->new($node, 'crm', 'user=officer');
	my $pid = $victim->query('SELECT pg_backend_pid()');
	$victim->send("SET synchronous_commit = on; SELECT gdpr.forget('person', '4', 'request')");
	$node->poll_query_until('crm', "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = $pid") or die;
	crash($pid);
	$victim->quit;
	is(there(4), 0, 'the server died after the commit');
	is(lines('confirmed'), $confirmed, 'and before the confirmation');

	# Restored at once, the database cannot know.
	$node->safe_psql('postgres', 'ALTER DATABASE crm RENAME TO later');
	$node->safe_psql('postgres', 'CREATE DATABASE crm');
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('crm'), $dump ], 'the dump restored');
	like(officer($questions), qr/^erasure\|public\.person\|4\|The server stopped/, 'asked about');
	is(there(4), 1, 'nothing is done unasked');
	$node->safe_psql('postgres', 'DROP DATABASE crm');
	$node->safe_psql('postgres', 'ALTER DATABASE later RENAME TO crm');

	is(officer($questions), '', 'the database that did it knows');
	is(lines('confirmed'), $confirmed + 1, 'and confirms it late');
}

# ---- Two phases ----------------------------------------------------------------------------------------------------

officer(q{INSERT INTO gdpr.purpose (name, description, basis) VALUES ('news', 'our news', 'consent');
	SELECT gdpr.give_consent('person', '5', 'news', '{"wording": "yes"}')});
officer(q{BEGIN; SELECT gdpr.withdraw_consent('person', '5', 'news'); PREPARE TRANSACTION 'two'});
like(officer($questions), qr/^consent_withdrawn\|public\.person\|5\|/, 'a prepared transaction may still go either way');
$node->safe_psql('crm', q{COMMIT PREPARED 'two'});
is(officer($questions), '', 'committed, it is no question');
is(officer($replay), '', 'and nothing to do');

# ---- The file ------------------------------------------------------------------------------------------------------

# A torn line at the end, as a full disk or a power failure leaves it.
append_to_file($journal, '0badcafe intent 0123');
is(officer($questions), '', 'a torn line says nothing');
officer(q{SELECT gdpr.restrict('person', '7', 'x')});
unlike(slurp_file($journal), qr/0badcafe/, 'and is gone with the next act');
is(officer($questions), '', 'the chain holds');

# Attack: the file is put where it cannot be written, or where others can read it. Nothing is done that it does not tell.
chmod 0644, $journal or die;
like(officer(q{SELECT gdpr.forget('person', '8', 'x')}), qr/ERROR:  the journal ".*" can be read by others than its owner/,
	'a readable journal is refused');
chmod 0600, $journal or die;
$node->append_conf('postgresql.conf', "gdpr.journal_file = '/nowhere/journal'");
$node->reload;
$node->poll_query_until('crm', q{SELECT current_setting('gdpr.journal_file') <> ''}) or die;
like(officer(q{SELECT gdpr.forget('person', '8', 'x')}), qr/ERROR:  the journal "\/nowhere\/journal" cannot be made/,
	'without the journal nobody is forgotten');
like(officer(q{SELECT gdpr.restrict('person', '8', 'x')}), qr/ERROR:  the journal/, 'nor restricted');
is(there(8), 1, 'nothing was done');
$node->append_conf('postgresql.conf', "gdpr.journal_file = ''");
$node->reload;
$node->poll_query_until('crm', q{SELECT current_setting('gdpr.journal_file') = ''}) or die;

# A device in its place.
{
	rename $journal, "$journal.aside" or die;
	symlink '/dev/null', $journal or die;
	like(officer(q{SELECT gdpr.forget('person', '8', 'x')}), qr/ERROR:  the journal ".*" is not a regular file/, 'no device');
	unlink $journal;
	rename "$journal.aside", $journal or die;
	is(there(8), 1, 'nothing was done');
}

# Writers side by side.
my $intents = lines('intent');
my @sessions = map { Session->new($node, 'crm', 'user=officer') } 1 .. 4;
foreach my $i (0 .. 3)
{
	$sessions[$i]->send(join ';', map { "SELECT gdpr.restrict('person', '" . (10 + $i) . "', 'x')" } 1 .. 20);
}
$_->answer, $_->quit for @sessions;
is(lines('intent') - $intents, 80, 'every act is in the file');
is(officer($questions), '', 'the chain holds');

# Attack: somebody edits the file, or loses its end: an act and its confirmation, which nobody else's come between.
officer(q{SELECT gdpr.restrict('person', '10', 'x')});
my $content = slurp_file($journal);
sub with_content
{
	my ($text) = @_;
	open(my $handle, '>', $journal) or die;
	print $handle $text;
	close $handle;
	return officer($replay);
}
my $first_line = ($content =~ /\n([^\n]*)\n/)[0];
like(with_content($content =~ s/\Q$first_line\E\n//r), qr/ERROR:  the journal ".*" is damaged at line 2/, 'a line removed');
like(with_content($content =~ s/ erasure / restriction /r), qr/damaged at line 2/, 'an act changed');
like(with_content($content . "$first_line\n"), qr/damaged at line/, 'a line repeated');
like(with_content("something else\n"), qr/damaged at line 1/, 'another file');
like(with_content($content =~ s/\n[^\n]*\n[^\n]*\n\z/\n/r), qr/WARNING:  the journal lacks 1 acts that are in force/, 'its end lost');
is(with_content($content), '', 'as it was');

# Attack: the application asks, answers and replays.
$node->safe_psql('crm', 'CREATE ROLE app LOGIN');
foreach my $call ('SELECT gdpr.replay_erasures()', 'SELECT gdpr.journal_questions()',
	q{SELECT gdpr.journal_answer('00000000-0000-0000-0000-000000000000', true)}, 'SELECT * FROM gdpr.journal_entry',
	'INSERT INTO gdpr.journal_entry VALUES (gen_random_uuid())', 'SELECT * FROM gdpr.lineage')
{
	my $err;
	$node->psql('crm', $call, stderr => \$err, connstr => $node->connstr('crm') . ' user=app');
	like($err, qr/permission denied/, "refused: $call");
}
like(officer(q{SELECT gdpr.journal_answer('00000000-0000-0000-0000-000000000000', true)}), qr/asks nothing about this entry/,
	'no answer without a question');

$node->stop;
done_testing();
