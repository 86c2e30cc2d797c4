# Random statements over labelled tables, run by a gated role: nothing raw may appear in any result, error or notice.
# GDPR_GATE_QUERIES says how many (1000), GDPR_GATE_SEED repeats a run.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use MIME::Base64;
use Digest::MD5 qw(md5_hex);
use Test::More;

my $queries = $ENV{GDPR_GATE_QUERIES} // 1000;
my $seed = $ENV{GDPR_GATE_SEED} // int(rand(1 << 30));
srand($seed);
note("GDPR_GATE_SEED=$seed GDPR_GATE_QUERIES=$queries");

my $node = PostgreSQL::Test::Cluster->new('gate_random');
$node->init;
$node->append_conf('postgresql.conf', "min_parallel_table_scan_size = 0\nparallel_setup_cost = 0\nmax_parallel_workers_per_gather = 1\n");
$node->start;
my @words = map { "zqsecret$_" } 1 .. 4;
my $rows = join ', ', map {
	my $w = $words[ $_ % 4 ];
	"($_, '$w\@example.it', '$w Rossi', '$w', '1971-03-07', 98765.43, '{\"a\": \"$w\", \"b\": [98765, {\"c\": \"$w\"}]}', $_ % 3, 'note$_')"
} 1 .. 8;
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION gdpr CASCADE;
CREATE SCHEMA ga;
CREATE ROLE ga_gated LOGIN;
CREATE ROLE ga_free LOGIN;
CREATE TABLE ga.p (id int PRIMARY KEY, email text, name varchar(60), sealed gdpr.encrypted_text, born date, pay numeric(10,2), doc jsonb, n int, note text);
INSERT INTO ga.p VALUES $rows;
CREATE TABLE ga.o (id int PRIMARY KEY, p_id int REFERENCES ga.p, email text, total int, note text) ;
INSERT INTO ga.o SELECT id, id, email, n, note FROM ga.p;
CREATE TABLE ga.q (id int, email text, at int) PARTITION BY RANGE (at);
CREATE TABLE ga.q_1 (at int, email text, id int);
ALTER TABLE ga.q ATTACH PARTITION ga.q_1 FOR VALUES FROM (0) TO (100);
INSERT INTO ga.q SELECT id, email, n FROM ga.p;
CREATE VIEW ga.v AS SELECT p.*, o.total, o.email AS o_email FROM ga.p LEFT JOIN ga.o ON o.p_id = p.id;
CREATE MATERIALIZED VIEW ga.m AS SELECT id, email, name, n FROM ga.v;
CREATE FUNCTION ga.say(value text) RETURNS text LANGUAGE plpgsql COST 0.00001 AS \$\$ BEGIN RAISE NOTICE 'heard %', value; RETURN value; END \$\$;
CREATE FUNCTION ga.all_p() RETURNS SETOF ga.p LANGUAGE sql STABLE AS 'SELECT * FROM ga.p';
CREATE FUNCTION ga.definer(i int) RETURNS text LANGUAGE sql SECURITY DEFINER STABLE AS 'SELECT email FROM ga.p WHERE id = i';
GRANT USAGE, CREATE ON SCHEMA ga TO ga_gated, ga_free;
GRANT ALL ON ALL TABLES IN SCHEMA ga TO ga_gated, ga_free;
SECURITY LABEL FOR gdpr ON COLUMN ga.p.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.sealed IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.born IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.pay IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.p.doc IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN ga.o.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN ga.q.email IS 'personal';
ANALYZE;
SELECT gdpr.assign_channel('ga_gated', 'export');
SQL

# What gives a secret away, in whatever form the generated expressions can put it.
my @forms;
foreach my $word (@words)
{
	push @forms, $word, scalar reverse($word), unpack('H*', $word);
	push @forms, map { md5_hex($_) } "$word\@example.it", "$word Rossi", $word;
	foreach my $text ("$word\@example.it", "$word Rossi", $word)
	{
		my $base64 = encode_base64($text, '');
		$base64 =~ s/..=*$//; # the end depends on what follows
		push @forms, $base64;
	}
}
push @forms, '1971-03-07', '03-07-1971', '98765', '56789';
my $secret = join '|', map { quotemeta } @forms;
$secret = qr/$secret/i;

sub pick { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

my %columns = (
	'ga.p' => [qw(id email name sealed born pay doc n note)],
	'ga.o' => [qw(id p_id email total note)],
	'ga.q' => [qw(id email at)],
	'ga.q_1' => [qw(id email at)],
	'ga.v' => [qw(id email name sealed born pay doc n note total o_email)],
	'ga.m' => [qw(id email name n)],
	'ga.all_p()' => [qw(id email name sealed born pay doc n note)],
);
my $alias = 0;

# A text expression over what is in scope: [alias, columns...].
sub text_of
{
	my ($depth, @scope) = @_;
	my $source = pick(@scope);
	my ($name, @its) = @$source;
	my $column = "$name." . pick(@its);
	$column = "$name.email" if chance(0.3) && grep { $_ eq "email" } @its;
	my $leaf = chance(0.12) ? "$name\::text" : "$column\::text";
	return $leaf if $depth <= 0 || chance(0.3);
	my $inner = sub { text_of($depth - 1, @scope) };
	return pick(
		sub { 'upper(' . $inner->() . ')' },
		sub { 'reverse(' . $inner->() . ')' },
		sub { 'md5(' . $column . '::text)' },
		sub { 'encode(' . $column . "::text::bytea, 'base64')" },
		sub { 'encode(' . $column . "::text::bytea, 'hex')" },
		sub { 'coalesce(' . $inner->() . ", 'x')" },
		sub { '(' . $inner->() . " || '-' || " . $inner->() . ')' },
		sub { 'ga.say(' . $inner->() . ')' },
		sub { 'CASE WHEN ' . condition($depth - 1, @scope) . ' THEN ' . $inner->() . ' ELSE ' . $inner->() . ' END' },
		sub { "to_jsonb($name)::text" },
		sub { "row_to_json($name)::text" },
		sub { "jsonb_build_object('k', $column)::text" },
		sub { "ARRAY[$column\::text, " . $inner->() . ']::text' },
		sub { "(ROW($column, 1))::text" },
		sub { '(SELECT ' . pick('max', 'min') . '(x.t) FROM (' . query($depth - 1, 1, @scope) . ') x(t))' },
		sub { 'ga.definer(' . int(1 + rand 8) . ')' },
		sub { 'substr(' . $inner->() . ', 1, 30)' },
		sub { '(' . $inner->() . ')::int::text' },
		sub { "string_to_array($column\::text, '\@')::text" },
		sub { "nullif($column\::text, 'y')" },
		sub { "greatest($column\::text, 'a')" },
	)->();
}

sub condition
{
	my ($depth, @scope) = @_;
	my $text = sub { text_of($depth - 1, @scope) };
	return pick(
		sub { $text->() . ' IS NOT NULL' },
		sub { $text->() . " LIKE '%s%'" },
		sub { $text->() . " > 'm'" },
		sub { $text->() . ' = ' . $text->() },
		sub { 'ga.say(' . $text->() . ') IS NOT NULL' },
		sub { '1 / length(' . $text->() . ') = 0' },
		sub { $text->() . '::int > 0' },
		sub { $text->() . "::date > '1970-01-01'" },
		sub { $text->() . ' IN (' . query($depth - 1, 1, @scope) . ')' },
		sub { 'EXISTS (' . query($depth - 1, 1, @scope) . ')' },
		sub { 'true' },
	)->();
}

sub source
{
	my ($depth, @outer) = @_;
	my $name = 'a' . ++$alias;
	if ($depth > 0 && chance(0.25))
	{
		my $inner = query($depth - 1, 2, ());
		return ("($inner) $name(u, w)", [ $name, 'u', 'w' ]);
	}
	my $table = pick(sort keys %columns);
	my $sample = $table =~ /^ga\.[poq]$/ && chance(0.05) ? ' TABLESAMPLE SYSTEM (100)' : '';
	return ("$table $name$sample", [ $name, @{ $columns{$table} } ]);
}

# A query with `width` columns of text; what is outside is in scope where it may be.
sub query
{
	my ($depth, $width, @outer) = @_;
	my ($from, @scope);
	my ($first, $source) = source($depth);
	($from, @scope) = ($first, $source);
	if ($depth > 0 && chance(0.4))
	{
		my ($second, $other) = source($depth);
		my $type = pick('JOIN', 'LEFT JOIN', 'FULL JOIN', 'CROSS JOIN');
		push @scope, $other;
		my $left = "$scope[0][0].$scope[0][1]::text";
		my $right = "$other->[0].$other->[1]::text";
		$from .= " $type $second" . ($type eq 'CROSS JOIN' ? '' : " ON $left = $right" );
		$from .= ' AND ' . condition(0, @scope) if $type =~ /^(LEFT )?JOIN$/ && chance(0.3);
	}
	elsif ($depth > 0 && chance(0.2))
	{
		my $name = 'a' . ++$alias;
		$from .= ", LATERAL (SELECT " . text_of($depth - 1, @scope) . ") $name(l)";
		push @scope, [ $name, 'l' ];
	}
	my @seen = (@scope, chance(0.3) ? @outer : ());
	my @list = map { text_of($depth, @seen) } 1 .. $width;
	my $style = rand();
	my ($tail, $distinct) = ('', '');
	if ($style < 0.15)
	{
		my @keys = @list;
		$list[0] = pick('max', 'min', 'string_agg') . "($list[0]";
		$list[0] .= $list[0] =~ /^string_agg/ ? ", ',')" : ')';
		$list[0] .= ' FILTER (WHERE ' . condition(0, @seen) . ')' if chance(0.3);
		$tail = @keys > 1 ? " GROUP BY $keys[1]" : '';
	}
	elsif ($style < 0.25)
	{
		$list[0] = pick('first_value', 'lag', 'max') . "($list[0]) OVER (ORDER BY " . text_of(0, @seen) . ')';
	}
	elsif ($style < 0.35)
	{
		$distinct = 'DISTINCT ';
	}
	my $where = chance(0.5) ? ' WHERE ' . condition($depth, @seen) : '';
	my $text = "SELECT $distinct" . join(', ', @list) . " FROM $from$where$tail";
	$text .= ' ORDER BY 1' if $depth > 0 && chance(0.2);
	$text .= ' LIMIT 20' if chance(0.2);
	if ($depth > 0 && chance(0.15))
	{
		$text = "($text) " . pick('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT') . ' (' . query($depth - 1, $width) . ')';
	}
	return $text;
}

sub statement
{
	my $depth = int rand 4;
	my $width = 1 + int rand 2;
	my $kind = rand();
	my $select = query($depth, $width);
	return "$select;" if $kind < 0.45;
	return "WITH w(a) AS " . pick('', 'MATERIALIZED ', 'NOT MATERIALIZED ') . "($select) SELECT w, w.a FROM w;" if $kind < 0.53;
	return 'EXPLAIN ' . pick('', '(ANALYZE, VERBOSE, TIMING OFF) ') . "$select;" if $kind < 0.58;
	return "COPY ($select) TO STDOUT;" if $kind < 0.63;
	return 'COPY ' . pick('ga.p', 'ga.o', 'ga.q_1', 'ga.p (id, email, sealed)') . ' TO STDOUT' . pick('', ' (FORMAT csv)') . ';' if $kind < 0.66;
	return "BEGIN; DECLARE c CURSOR FOR $select; FETCH ALL c; ROLLBACK;" if $kind < 0.70;
	return "PREPARE s AS $select; EXECUTE s; EXECUTE s; DEALLOCATE s;" if $kind < 0.74;
	return "DO \$\$ DECLARE r record; BEGIN FOR r IN $select LOOP RAISE NOTICE '%', r; END LOOP; END \$\$;" if $kind < 0.78;
	my @p = ([ 'p', @{ $columns{'ga.p'} } ]);
	return 'BEGIN; UPDATE ga.p SET n = n' . (chance(0.5) ? ' WHERE ' . condition(2, @p) : '') . ' RETURNING ' . text_of(2, @p) . '; ROLLBACK;' if $kind < 0.83;
	return 'BEGIN; UPDATE ga.o SET note = ' . text_of(1, @p) . ' FROM ga.p WHERE p.id = o.p_id RETURNING o.note; ROLLBACK;' if $kind < 0.86;
	return 'BEGIN; DELETE FROM ga.q USING ga.p WHERE p.id = q.id AND ' . condition(2, @p) . ' RETURNING ' . text_of(2, @p) . '; ROLLBACK;' if $kind < 0.89;
	return "BEGIN; INSERT INTO ga.o (id, note) SELECT 1000 + row_number() OVER (), x FROM (" . query($depth, 1) . ') s(x) RETURNING note; ROLLBACK;' if $kind < 0.92;
	return 'BEGIN; INSERT INTO ga.p AS p (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = ' . pick('1', 'p.n', 'NULL') . ', note = ' . pick("'x'", text_of(1, @p)) . ' WHERE ' . condition(1, @p) . ' RETURNING ' . text_of(2, @p) . '; ROLLBACK;' if $kind < 0.95;
	return "BEGIN; MERGE INTO ga.o USING ga.p ON p.id = o.p_id AND " . condition(1, @p) . ' WHEN MATCHED THEN UPDATE SET note = ' . pick("'x'", text_of(1, @p)) . '; SELECT note FROM ga.o; ROLLBACK;' if $kind < 0.98;
	return 'SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE schemaname = \'ga\';';
}

# Runs them as a role: what each of them printed.
sub run_as
{
	my ($role, @statements) = @_;
	my $script = "SET statement_timeout = '5s';\n";
	foreach my $i (0 .. $#statements)
	{
		$script .= "\\echo #$i\n\\warn #$i\n$statements[$i]\nROLLBACK;\n";
	}
	my ($out, $err) = ('', '');
	IPC::Run::run [ 'psql', '-XAtq', '-U', $role, '-d', $node->connstr('postgres'), '-f', '-' ], '<', \$script, '>', \$out, '2>', \$err;
	my @told = ('') x @statements;
	foreach my $stream ($out, $err)
	{
		my $at = 0;
		foreach my $line (split /\n/, $stream)
		{
			if ($line =~ /^#(\d+)$/) { $at = $1; next }
			# psql shows the statement's own text below an error.
			next if $line =~ /^psql:|^<stdin>/ && $line =~ /(LINE|STATEMENT)/;
			$told[$at] .= "$line\n";
		}
	}
	return @told;
}

my ($leaks, $errors, $crashes, $told_by_free, $tried_by_free) = (0, 0, 0, 0, 0);
my $done = 0;
my $batch = 250;
my @actions = ([ 'hide', 'hide' ], [ 'mask', 'mask' ], [ 'mask', 'hide' ], [ 'deny', 'mask' ]);
for (my $round = 0; $done < $queries; $round++)
{
	my ($personal, $sensitive) = @{ $actions[ $round % @actions ] };
	$node->safe_psql('postgres', "SELECT gdpr.gate('personal', 'export', '$personal'), gdpr.gate('sensitive', 'export', '$sensitive')");
	my @statements;
	push @statements, statement() while @statements < $batch && $done + @statements < $queries;
	my @told = run_as('ga_gated', @statements);
	foreach my $i (0 .. $#statements)
	{
		$errors++ if $told[$i] =~ /ERROR: /;
		$crashes++ if $told[$i] =~ /server closed|terminat|cache lookup|unrecognized node|could not find|wrong varno|no relation entry|XX000/;
		diag("odd: $statements[$i]\n$told[$i]") if $told[$i] =~ /cache lookup|unrecognized node|could not find|wrong varno|no relation entry|variable not found|server closed/;
		next unless $told[$i] =~ $secret;
		$leaks++;
		diag("$personal, $sensitive: $statements[$i]\n" . substr($told[$i], 0, 600)) if $leaks <= 5;
	}
	# The same statements tell an ungated role a lot: else they would prove nothing.
	if ($round % 10 == 0)
	{
		my @free = run_as('ga_free', @statements);
		$tried_by_free += @free;
		$told_by_free += grep { $_ =~ $secret } @free;
	}
	$done += @statements;
}
note("$done statements, $errors errors, $told_by_free of $tried_by_free tell an ungated role");
is($leaks, 0, "nothing raw in $done random statements of a gated role");
is($crashes, 0, 'no internal error');
cmp_ok($told_by_free, '>', $tried_by_free * 0.4, 'most of them tell an ungated role');
cmp_ok($errors, '<', $done * 0.6, 'and enough of them run to their end');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ga.p'), '8', 'the server is well');
done_testing();
