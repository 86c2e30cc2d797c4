# The journal's disk is full when a right is exercised: nothing is half done, in the database or in the file. A real
# write is made to fail, by a limit on the size of files that is set on the officer's backend alone.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('full');
$node->init(extra => ['--wal-segsize=1']); # so that the journal can be the largest file there is
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off");
$node->start;
my $journal = $node->data_dir . '.gdpr-keyring.journal';
$node->safe_psql('postgres', q{
	CREATE EXTENSION gdpr CASCADE;
	CREATE ROLE officer LOGIN;
	GRANT gdpr_officer TO officer;
	CREATE TABLE person (id int PRIMARY KEY, email text);
	SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
	SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
	CALL gdpr.apply();
	INSERT INTO person SELECT g, 'p' || g || '@example.it' FROM generate_series(1, 9) g;
});
my $officer = Session->new($node, 'postgres', 'user=officer');
my $pid = $officer->query('SELECT pg_backend_pid()');

sub room
{
	my ($bytes) = @_;
	my $limit = defined $bytes ? (-s $journal) + $bytes : 'unlimited';
	command_ok([ 'prlimit', "--pid=$pid", "--fsize=$limit:unlimited" ], 'room for ' . ($bytes // 'all')) ;
	return;
}
sub state_of { return $node->safe_psql('postgres', q{
	SELECT (SELECT string_agg(id::text, ' ' ORDER BY id) FROM person), (SELECT count(*) FROM gdpr.erasure), (SELECT count(*) FROM gdpr.restriction),
	       (SELECT count(*) FROM gdpr.blocklist), (SELECT count(*) FROM gdpr.journal_entry)}) }

like($officer->query(q{SELECT count(*) FROM gdpr.forget('person', '1', 'request')}), qr/^\d+$/, 'with room, forgotten');
my ($intent) = grep { / intent / } reverse split(/\n/, slurp_file($journal));

# Made long by what stands before its last lines: whoever appends reads only these.
my $whole = slurp_file($journal);
my ($head, $rest) = split(/(?<=\n)/, $whole, 2);
open(my $file, '>', $journal) or die $!;
print $file $head, 'x' x (4 * 1024 * 1024), "\n", $rest;
close $file;
my $size = -s $journal;

foreach my $bytes (0, 1, length($intent) - 1)
{
	my $before = state_of();
	room($bytes);
	like($officer->query(q{SELECT count(*) FROM gdpr.forget('person', '2', 'request')}), qr/ERROR:.*journal .* cannot be written/, 'forget fails');
	like($officer->query(q{SELECT gdpr.restrict('person', '3', 'contested')}), qr/ERROR:.*journal .* cannot be written/, 'so does restrict');
	like($officer->query("BEGIN; SELECT count(*) FROM gdpr.forget('person', '2', 'request');\nCOMMIT"), qr/cannot be written/, 'and a transaction block at its end');
	is(state_of(), $before, 'and nothing was done');
	is(-s $journal, $size, 'nor written');
}

# Room for the intent, and none for the confirmation: it was done, and the log of the database says so.
room(length($intent) + 1);
unlike($officer->query(q{SELECT count(*) FROM gdpr.forget('person', '2', 'request')}), qr/ERROR/, 'done where the intent could be written');
is((split /\|/, state_of())[0], '3 4 5 6 7 8 9', 'it is');
cmp_ok(-s $journal, '>', $size, 'and intended');
room();
unlike($officer->query(q{SELECT count(*) FROM gdpr.forget('person', '4', 'request')}), qr/ERROR/, 'with room again, all goes on');

# The file as it would be without the padding: whole, and with nothing to ask.
my $after = slurp_file($journal);
$after =~ s/x{1000,}\n//;
open($file, '>', $journal) or die $!;
print $file $after;
close $file;
is($officer->query('SELECT * FROM gdpr.replay_erasures()'), '', 'nothing to do again, and no line is damaged');
is($officer->query('SELECT * FROM gdpr.journal_questions()'), '', 'nor to ask');
$officer->quit;
$node->stop;
done_testing();
