#!/usr/bin/perl
# DBD::Pg: server-side prepared statements, typed and untyped parameters, COPY.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use DBD::Pg qw(:pg_types);
use FindBin;
use JSON::PP;

binmode STDOUT, ':encoding(UTF-8)';
my $json = JSON::PP->new->canonical->allow_nonref;
my ($options) = @ARGV;
my %handle = (RaiseError => 0, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1);
my $db    = DBI->connect("dbi:Pg:options='$options'", undef, undef, {%handle}) or die $DBI::errstr;
my $owner = DBI->connect("dbi:Pg:user=driver_owner;options='$options'", 'driver_owner', undef, {%handle}) or die $DBI::errstr;
$_->{pg_placeholder_dollaronly} = 1 for $db, $owner;
$_->{pg_switch_prepared} = 2 for $db, $owner;

sub statements {
	my @found;
	open my $in, '<:encoding(UTF-8)', "$FindBin::Bin/suite.txt" or die "suite.txt: $!";
	while (my $line = <$in>) {
		chomp $line;
		if ($line =~ /^\t(\S+) ?(.*)/) {
			push @{ $found[-1]{parameters} }, [ $1, $2 eq '' ? undef : $2 eq '\e' ? '' : $2 ];
		}
		elsif ($line =~ /^([^#].*?): (.*)/) {
			push @found, { name => $1, sql => $2, parameters => [] };
		}
	}
	return @found;
}

sub tell_of { my ($name, $status, @outcome) = @_; print join("\t", $name, $status, $json->encode(\@outcome)), "\n"; }

sub columns_of {
	my ($statement) = @_;
	return { map { $_ => $statement->{$_} } qw(NAME TYPE PRECISION SCALE pg_type) };
}

sub outcome {
	my ($statement) = @_;
	$statement->execute or return ('failed', $statement->state);
	return ('done', $statement->rows) unless $statement->{NUM_OF_FIELDS};
	return ('done', columns_of($statement), $statement->fetchall_arrayref);
}

my %type_of = (text => PG_TEXT, int => PG_INT4, float => PG_FLOAT8, numeric => PG_NUMERIC, date => PG_DATE, json => PG_JSONB, 'text[]' => PG_TEXTARRAY);

for my $each (statements()) {
	my ($name, $sql) = @$each{qw(name sql)};
	my $reads = $sql =~ /^(SELECT|WITH)/ && $sql !~ /INSERT|UPDATE/;
	for my $typed ($reads ? (0, 1) : 0) {
		my $statement = eval { $db->prepare($sql, { pg_prepare_now => $typed }) };
		if (!$statement) {
			tell_of("$name, typed", 'failed', $db->state);
			next;
		}
		my $number = 0;
		for my $parameter (@{ $each->{parameters} }) {
			my ($type, $value) = @$parameter;
			$value = [ split /\|/, $value ] if $type eq 'text[]';
			$statement->bind_param(++$number, $value, $typed ? { pg_type => $type_of{$type} } : ());
		}
		my @first = outcome($statement);
		my @last = @first;
		for my $time (1 .. ($reads ? 4 : 0)) {
			$owner->do('ALTER TABLE person ALTER id SET STATISTICS 100') if $time == 4;
			@last = outcome($statement);
			last if $json->encode(\@last) ne $json->encode(\@first);
		}
		@first = ($last[0], [@first], \@last) if $json->encode(\@last) ne $json->encode(\@first);
		tell_of($typed ? "$name, typed" : $name, @first);
	}
}

# What only this driver has.
my $types = $db->column_info(undef, undef, 'person', '%');
tell_of('column_info', 'done', [ map { [ @$_{qw(COLUMN_NAME NULLABLE ORDINAL_POSITION)} ] } @{ $types->fetchall_arrayref({}) } ]);
tell_of('primary_key', 'done', $db->primary_key(undef, (split /[=,]/, $options)[1], 'person'));
tell_of('selectall_hashref', 'done', $db->selectall_hashref('SELECT id, email, born, salary FROM person', 'id'));
tell_of('selectrow_array', 'done', $db->selectrow_array('SELECT email, born FROM person WHERE id = $1', undef, 1));
my $insert = $db->prepare('INSERT INTO person (id, email, born) VALUES ($1, $2, $3) RETURNING email, born');
tell_of('execute_array', 'done', scalar $insert->execute_array({ ArrayTupleStatus => \my @status }, [ 60, 61 ], [ 'd1', 'd2' ], [ '2001-01-01', undef ]));
$db->do('COPY person (id, email, born) FROM STDIN');
$db->pg_putcopydata("70\tcopied\t2000-01-01\n");
tell_of('copy in', 'done', $db->pg_putcopyend);
$db->do('COPY (SELECT * FROM person ORDER BY id) TO STDOUT');
my ($line, @lines) = ('');
push @lines, $line while $db->pg_getcopydata($line) >= 0;
tell_of('copy out', 'done', @lines);
$db->begin_work;
$db->do('DECLARE c CURSOR WITH HOLD FOR SELECT email, born FROM person ORDER BY email');
$db->commit;
my $fetch = $db->prepare('FETCH 3 FROM c');
tell_of('cursor', outcome($fetch)) for 1, 2;
$db->begin_work;
$db->pg_savepoint('s');
tell_of('refused in a savepoint', outcome($db->prepare('SELECT born / 0 FROM person')));
$db->pg_rollback_to('s');
tell_of('after the savepoint', outcome($db->prepare('SELECT email FROM person WHERE id = 60')));
$db->commit;
my $async = $db->prepare('SELECT email, born FROM person ORDER BY id', { pg_async => DBD::Pg::PG_ASYNC() });
$async->execute;
$db->pg_result;
tell_of('asynchronous', 'done', $async->fetchall_arrayref);
tell_of('state', outcome($db->prepare('SELECT * FROM person ORDER BY id')));
