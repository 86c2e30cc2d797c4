# Attacks on gates, each a file in test/attacks: its first line says what somebody tries. Each is run against plain and encrypted
# columns, as they are and with the policies of apply(): first by a role in no channel, to whom it must tell, and then in a
# channel that hides, masks and denies, where it must not tell, and must end as the file says:
#
#   -- gated: …         how it ends where columns are hidden or masked; unless hide: or mask: say otherwise
#   -- hide: …, mask: …, deny: …
#       hidden          without an error, with rows in which the value is hidden or masked (where nothing is said)
#       nothing         without an error and without a row
#       refused         with an error that tells of the channel (deny, where nothing is said of it)
#       /…/             with an output, errors included, that matches
#   -- tells: …         what the output contains when it tells; else the secret, or "learned:", which the file has printed
#   -- only: …          words of the fixture's name: plain, encrypted, bare, applied
#   -- as: …            the role, else reader
#   -- transaction: own is not within one
#   -- needs: …         a major version of PostgreSQL, or an extension: not run where that is not there
#   -- program: …       is not psql
#   -- open: …          PostgreSQL does not let it be closed: it tells; doc/gates.md has a line that begins so
#
# GDPR_ATTACK names files, by a pattern, where not all are to be run; with GDPR_ATTACK_SHOW their output is shown.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use Test::More;

my $attacks = "$FindBin::Bin/../attacks";
my $manual = slurp_file("$FindBin::Bin/../../doc/gates.md");
my $which = $ENV{GDPR_ATTACK} // '.';
my $secret = qr/zqx\d/i;

my $node = PostgreSQL::Test::Cluster->new('attacks');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', <<'CONF');
wal_level = logical
shared_preload_libraries = 'auto_explain'
autovacuum = off
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE app;
CREATE ROLE gated;
CREATE ROLE free LOGIN;
CREATE ROLE late;
CREATE ROLE reader LOGIN IN ROLE gated;
CREATE ROLE heir LOGIN NOINHERIT IN ROLE gated;
CREATE ROLE switcher LOGIN IN ROLE gated, free;
CREATE ROLE every_reader LOGIN IN ROLE gated, pg_read_all_data;
CREATE ROLE replicator LOGIN REPLICATION IN ROLE gated;
SQL

# What a file says of itself.
sub attack
{
	my ($path) = @_;
	my ($name) = $path =~ m{([^/]+)\.sql$};
	my %it = (name => $name, path => $path, as => 'reader', only => '', transaction => '');
	my $text = slurp_file($path);
	die "$path: begin it with -- Attack:" unless $text =~ /\A-- Attack: .*\S\n/;
	while ($text =~ /^-- ([a-z]+): (.*?)\s*$/mg)
	{
		my ($word, $value) = ($1, $2);
		die "$path: $word?" unless grep { $_ eq $word } qw(gated hide mask deny tells only as transaction program open needs);
		$it{$word} = $value;
	}
	$it{guesses} = $text =~ /$secret/;
	$it{connects} = $text =~ /\\connect/;
	foreach my $action ('hide', 'mask')
	{
		$it{$action} //= $it{gated} // 'hidden';
	}
	$it{deny} //= 'refused';
	return \%it;
}

my @all = map { attack($_) } grep { m{/[^/]*(?:$which)[^/]*\.sql$} } sort glob("$attacks/*.sql");

# What this server cannot do is not tried on it.
my %there = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', 'SELECT name FROM pg_available_extensions');
my ($version) = $node->safe_psql('postgres', 'SHOW server_version_num') =~ /^(\d+)\d{4}$/;
@all = grep { !defined $_->{needs} || ($_->{needs} =~ /^\d+$/ ? $_->{needs} <= $version : $there{ $_->{needs} }) } @all;

# Runs attacks, each in a session that is as new: what each of them printed.
sub run_all
{
	my ($database, $settings, @which) = @_;
	my %told;
	my $script = "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT always\n\\pset null '(null)'\n$settings";
	my $role = '';
	foreach my $it (sort { $a->{as} cmp $b->{as} } @which)
	{
		if (defined $it->{program})
		{
			my ($out, $err) = ('', '');
			IPC::Run::run [ split(/ /, $it->{program}), '-U', $it->{as}, $node->connstr($database) ], '>', \$out, '2>', \$err;
			# pg_dump writes a random word, which may be anything.
			$told{ $it->{name} } = $out =~ s/^\\(un)?restrict .*$//mgr . $err;
			next;
		}
		my ($begin, $end) = $it->{transaction} eq 'own' ? ('', '') : ('BEGIN;', 'ROLLBACK;');
		$script .= $it->{as} eq $role ? "DISCARD ALL;\n" : "\\connect - $it->{as}\n";
		$role = $it->{connects} ? '' : $it->{as};
		$script .= "\\echo #$it->{name}\n\\warn #$it->{name}\n$begin\n\\i $it->{path}\n$end\n\\echo #\n\\warn #\n";
	}
	my ($out, $err) = ('', '');
	IPC::Run::run [ 'psql', '-XAtq', '-d', $node->connstr($database), '-f', '-' ], '<', \$script, '>', \$out, '2>', \$err;
	foreach my $stream ($out, $err)
	{
		my $at;
		foreach my $line (split /\n/, $stream)
		{
			if ($line =~ /^#(\w*)$/) { $at = $1; $told{$at} //= '' if $at; next }
			# psql shows the statement itself below an error; after one, the rest of the transaction is refused.
			next if !$at || $line =~ /^(LINE \d+:|LOCATION:|STATEMENT:|\s*\^|\s*$)|25P0[12]:/;
			$told{$at} .= "$line\n";
		}
	}
	return %told;
}

# What is wrong with how it ended, if anything.
sub objection
{
	my ($it, $action, $told) = @_;
	return 'it has not run' unless defined $told;
	my $tells = defined $it->{tells} ? qr/$it->{tells}/m : qr/$secret|learned:/;
	return $told =~ $tells ? undef : 'it does not tell' if $action eq 'show' || defined $it->{open};
	# What it has guessed, it may be told in an error.
	return 'it tells' if $told =~ $tells || (!$it->{guesses} && $told =~ $secret);
	my $end = $it->{$action};
	return $told =~ /(ERROR: +42501: |error: query failed: ERROR: ).*DETAIL: .*channel/s ? undef : 'it is not refused' if $end eq 'refused';
	return $told =~ /$1/ms ? undef : "it does not end with $end" if $end =~ m{^/(.*)/$};
	return 'it fails' if $told =~ /ERROR:|FATAL:|error:|server closed/;
	return $told eq '' ? undef : 'something comes back' if $end eq 'nothing';
	return 'nothing is masked' if $action eq 'mask' && $told !~ /\*{3}/;
	return $told eq '' ? 'nothing comes back' : undef if $end eq 'hidden';
	die "$it->{path}: $end?";
}

foreach my $fixture ('plain bare', 'plain applied', 'encrypted bare', 'encrypted applied')
{
	my ($kind, $applied) = split / /, $fixture;
	my $sealed = $kind eq 'encrypted';
	my $database = "${kind}_$applied";
	my $variables = '';
	my %value = (
		text => $sealed ? 'gdpr.encrypted_text' : 'text', json => $sealed ? 'gdpr.encrypted_jsonb' : 'jsonb',
		sealed => $sealed ? 'true' : 'false', applied => $applied eq 'applied' ? 'true' : 'false');
	$variables .= "\\set $_ $value{$_}\n" foreach sort keys %value;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	my ($rc, $out, $err) = $node->psql($database, "$variables\\i $attacks/fixture/tables.sql\n");
	is($rc, 0, "$fixture: the tables are there") || BAIL_OUT($err);
	my @here = grep { my $it = $_; !grep { $fixture !~ /\b$_\b/ } split / /, $it->{only} } @all;

	my %wrong;
	my $channel = "INSERT INTO gdpr.channel_role VALUES ('gated', 'export')";
	foreach my $action ('show', 'hide', 'mask', 'deny')
	{
		my ($gate, $ungate) = ('SELECT WHERE false') x 2;
		if ($action ne 'show')
		{
			($gate, $ungate) = ($channel, 'DELETE FROM gdpr.channel_role');
			$node->safe_psql($database, "DELETE FROM gdpr.channel_role; $channel; SELECT gdpr.gate('personal', 'export', '$action')");
		}
		my $settings = $variables . join '', map { my ($n, $v) = @$_; $v =~ s/'/''/g; "\\set $n '$v'\n" } [ gate => $gate ], [ ungate => $ungate ];
		my %told = run_all($database, $settings, @here);
		foreach my $it (@here)
		{
			my $objection = objection($it, $action, $told{ $it->{name} });
			my $said = ($told{ $it->{name} } // '') =~ s/^(.{700}).*(.{700})$/$1 … $2/sr;
			push @{ $wrong{ $it->{name} } }, "$action: $objection\n$said" if $objection;
			note("$fixture, $it->{name}, $action:\n$said") if $ENV{GDPR_ATTACK_SHOW};
		}
	}
	ok(!$wrong{ $_->{name} }, "$fixture: $_->{name}") || diag(@{ $wrong{ $_->{name} } }) foreach @here;
}
like($manual, qr/^\| \Q$_->{open}\E/m, "$_->{name}: the manual says that it is open") foreach grep { defined $_->{open} } @all;
done_testing();
