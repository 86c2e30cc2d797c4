# Errors through the wall between C++ and PostgreSQL, from every direction: nothing that was alive is forgotten,
# nothing of the error is lost, and the session and the server go on.
use strict;
use warnings FATAL => 'all';
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $module = abs_path(dirname(__FILE__) . '/../wall') . '/wall';
die "$module.so is missing: run make wall" unless -f "$module.so";
my $rounds = $ENV{GDPR_WALL_ROUNDS} // 10_000;

my $node = PostgreSQL::Test::Cluster->new('wall');
$node->init;
$node->append_conf('postgresql.conf', 'log_min_messages = fatal');
$node->append_conf('postgresql.conf', 'restart_after_crash = off');
$node->start;

my %signatures = (
	fail => '(text) RETURNS void', run => '(text) RETURNS text', run_as_owner => '(regclass, text) RETURNS text',
	loop => '() RETURNS void', replace => '(text) RETURNS void', living => '() RETURNS int',
	in_flight => '() RETURNS int', acting_user => '() RETURNS text', heap => '() RETURNS bigint');
$node->safe_psql('postgres', join '',
	map { "CREATE FUNCTION wall_$_$signatures{$_} AS '$module', 'wall_$_' LANGUAGE C STRICT;\n" } sort keys %signatures);

# What C++ cannot do by itself: catch the error, and say all that it carries.
$node->safe_psql('postgres', <<'END');
CREATE TABLE held (id int PRIMARY KEY);
CREATE ROLE wall_owner;
CREATE TABLE owned (id int);
ALTER TABLE owned OWNER TO wall_owner;
CREATE FUNCTION caught(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text; c text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS OR query_canceled THEN
	GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, c = PG_EXCEPTION_CONTEXT;
	RETURN format('%s|%s|%s|%s|%s', SQLSTATE, m, d, h, split_part(c, E'\n', 1));
END $$;
CREATE FUNCTION nothing_left() RETURNS text LANGUAGE sql AS $$
	SELECT format('living %s, in flight %s, as %s', wall_living(), wall_in_flight(), wall_acting_user()) $$;
-- Fails inside a handler's own subtransaction, writes, fails again one level up.
CREATE FUNCTION deep(level int, how text) RETURNS int LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
	INSERT INTO held VALUES (level);
	IF level = 0 THEN PERFORM wall_fail(how); END IF;
	PERFORM wall_run_as_owner('owned', format('SELECT public.deep_again(%s, %L)', level - 1, how));
	RETURN level;
END $$;
CREATE FUNCTION deep_again(level int, how text) RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS
	$$ SELECT deep(level, how) $$;
END

my $clean = 'living 0, in flight 0, as postgres';

for my $case (
	[ 'ereport', '55006|the postgres message|The postgres detail.|The postgres hint.|the postgres context' ],
	[ 'problem', '55006|our message|Our detail.|Our hint.|SQL statement' ],
	[ 'bare problem', '55006|our message|||SQL statement' ],
	[ 'problem inside call', '55006|our message|Our detail.|Our hint.|SQL statement' ],
	[ 'bad_alloc', '53200|out of memory|||SQL statement' ],
	[ 'vector', '53200|out of memory|||SQL statement' ],
	[ 'long vector', '54000|a value inside gdpr is too long|||SQL statement' ],
	[ 'palloc', 'XX000|invalid memory alloc request size 1099511627776|||SQL statement' ],
	[ 'huge palloc', '53200|out of memory|Failed on request of size' ],
	[ 'runtime_error', 'XX000|unexpected failure inside gdpr|A C++ exception of type "St13runtime_error" was not handled.||SQL' ],
	[ 'throw inside call', 'XX000|unexpected failure inside gdpr|A C++ exception of type "St13runtime_error" was not handled.||SQL' ],
	[ 'int', 'XX000|unexpected failure inside gdpr|A C++ exception of type "i" was not handled.||SQL' ],
	[ 'owner', '55006|the postgres message|The postgres detail.|The postgres hint.|the postgres context' ],
	[ 'every guard', '22012|division by zero|||SQL statement' ])
{
	my ($how, $expected) = @$case;
	my ($status, $out, $err) = $node->psql('postgres', <<"END", on_error_stop => 0);
\\set VERBOSITY verbose
SELECT caught(\$\$SELECT wall_fail('$how')\$\$);
SELECT nothing_left();
SELECT wall_fail('$how');
SELECT nothing_left();
BEGIN; SAVEPOINT a;
SELECT wall_fail('$how');
ROLLBACK TO a; SELECT nothing_left(), count(*) FROM held; COMMIT;
END
	my ($caught, @rest) = split /\n/, $out;
	is(substr($caught, 0, length $expected), $expected, "$how: caught with all its fields");
	is("@rest", "$clean $clean $clean|0", "$how: nothing alive, nothing in flight, the user restored, three times");
	my ($state, $message) = split /\|/, $expected;
	my @said = $err =~ /ERROR:  \Q$state\E: \Q$message\E/g;
	is(scalar @said, 2, "$how: reported to the client");
	unlike($out . $err, qr/mario\.rossi/, "$how: and no text of a foreign exception") if $err =~ /unexpected/;
}

# C++ in SQL in C++ in PL/pgSQL in C++ …: the fields survive every hop, the context names each SQL statement once.
{
	my ($status, $out, $err) = $node->psql('postgres', <<'END', on_error_stop => 0);
\set VERBOSITY verbose
SELECT deep(3, 'problem');
SELECT nothing_left(), count(*) FROM held;
SELECT caught($$SELECT deep(3, 'ereport')$$);
SELECT nothing_left(), count(*) FROM held;
SELECT wall_run($$SELECT public.caught('SELECT public.deep(2, ''every guard'')')$$);
INSERT INTO held VALUES (77);
SELECT nothing_left(), count(*) FROM held;
DELETE FROM held;
SELECT caught($$SELECT wall_replace('SELECT public.deep(1, ''problem'')')$$);
SELECT nothing_left(), count(*) FROM held;
END
	my @lines = split /\n/, $out;
	like($err, qr/ERROR:  55006: our message\nDETAIL:  Our detail.\nHINT:  Our hint.\n/, 'seven hops: SQLSTATE, DETAIL, HINT');
	my @statements = $err =~ /SQL statement "SELECT public\.deep_again/g;
	is(scalar @statements, 3, 'seven hops: the context, whole');
	is(shift @lines, "$clean|0", 'seven hops: nothing left, all rolled back');
	is(shift @lines, '55006|the postgres message|The postgres detail.|The postgres hint.|the postgres context',
		'an error of PostgreSQL, caught at the top');
	is(shift @lines, "$clean|0", 'nothing left');
	is(shift @lines, '22012|division by zero|||SQL statement "SELECT 1/0"', 'caught in the middle, the outer C++ goes on');
	is(shift @lines, "$clean|1", 'and the session writes on');
	like(shift @lines, qr/^55006\|another message in its place\|/, 'one error in place of another');
	is(shift @lines, "$clean|0", 'nothing left');
}

# A privileged frame that failed leaves no privilege behind.
{
	my ($status, $out, $err) = $node->psql('postgres', <<'END', on_error_stop => 0);
CREATE ROLE wall_user; GRANT ALL ON held TO wall_user; GRANT USAGE ON SCHEMA public TO wall_user;
SET ROLE wall_user;
SELECT caught($$SELECT wall_run_as_owner('owned', 'SELECT public.wall_fail(''every guard'')')$$);
SELECT current_user, wall_acting_user(), current_setting('search_path');
SELECT wall_run_as_owner('owned', $$SELECT format('%s for %s', current_user, public.wall_acting_user())$$);
SELECT wall_run_as_owner('owned', $$SELECT public.caught('SELECT 1/0')$$);
SELECT current_user, wall_acting_user(), current_setting('search_path');
SELECT wall_run_as_owner('owned', 'RESET ROLE');
SELECT current_user, wall_acting_user(), current_setting('search_path');
END
	is($out, <<'END' =~ s/\n\z//r, 'Attack: stay the owner through an error');
22012|division by zero|||SQL statement "SELECT 1/0"
wall_user|wall_user|"$user", public
wall_owner for wall_user
22012|division by zero|||SQL statement "SELECT 1/0"
wall_user|wall_user|"$user", public
wall_user|wall_user|"$user", public
END
}

# Interrupts inside a loop of C++.
{
	my ($status, $out, $err) = $node->psql('postgres', <<'END', on_error_stop => 0);
\set VERBOSITY verbose
SET statement_timeout = '100ms';
SELECT wall_loop();
SELECT caught('SELECT wall_loop()');
RESET statement_timeout;
SELECT nothing_left();
END
	like($err, qr/ERROR:  57014: canceling statement due to statement timeout/, 'statement timeout');
	like($out, qr/^57014\|canceling statement due to statement timeout\|.*\n\Q$clean\E$/m, 'caught, and nothing left');

	my ($in, $said, $errors) = ('', '', '');
	my $loop = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<', \$in, '>', \$said, '2>', \$errors, IPC::Run::timeout(180));
	$in .= "SET application_name = 'looping'; SELECT wall_loop(); SELECT nothing_left();\n";
	my $looping = "FROM pg_stat_activity WHERE application_name = 'looping' AND query LIKE 'SELECT wall_loop%'";
	$loop->pump_nb;
	$node->poll_query_until('postgres', "SELECT count(*) = 1 $looping") or die 'the loop did not start';
	$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) $looping");
	$loop->pump until $said =~ /living/;
	like($errors, qr/canceling statement due to user request/, 'cancelled by another session');
	is($said, "$clean\n", 'nothing left, the session goes on');
	$in .= "SELECT wall_loop();\n";
	$loop->pump_nb;
	$node->poll_query_until('postgres', "SELECT count(*) = 1 $looping AND state = 'active'") or die 'it did not start';
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) $looping");
	$loop->finish;
	like($errors, qr/terminating connection due to administrator command/, 'terminated while C++ objects live');
}

# Many rounds, in one transaction and in one session: the same memory afterwards as before.
{
	my @ways = ('ereport', 'problem', 'runtime_error', 'bad_alloc', 'throw inside call', 'palloc', 'owner', 'every guard');
	my $ways = join ', ', map { "'$_'" } @ways;
	$node->safe_psql('postgres', <<"END");
CREATE FUNCTION rounds(count int) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE ways text[] := ARRAY[$ways];
BEGIN
	FOR i IN 1..count LOOP
		BEGIN
			PERFORM wall_run(format('SELECT wall_fail(%L)', ways[1 + i % array_length(ways, 1)]));
		EXCEPTION WHEN OTHERS THEN
		END;
	END LOOP;
END \$\$;
CREATE VIEW memory AS
	SELECT sum(used_bytes) AS contexts, sum(used_bytes) FILTER (WHERE name = 'TopMemoryContext') AS top,
	       sum(used_bytes) FILTER (WHERE name = 'TopTransactionContext') AS transaction,
	       count(*) FILTER (WHERE name = 'gdpr error') AS errors, wall_heap() AS heap
	  FROM pg_backend_memory_contexts;
END
	my $out = $node->safe_psql('postgres', <<"END");
BEGIN;
SELECT rounds(1000) \\g /dev/null
SELECT * FROM memory \\g /dev/null
SELECT * FROM memory;
SELECT rounds($rounds) \\g /dev/null
SELECT * FROM memory;
COMMIT;
SELECT nothing_left();
END
	my ($before, $after, $left) = split /\n/, $out;
	note("contexts, TopMemoryContext, TopTransactionContext, errors, heap: $before; after $rounds rounds: $after");
	is($left, $clean, "nothing left after $rounds rounds");
	my @before = split /\|/, $before;
	my @after = split /\|/, $after;
	my @names = ('all contexts', 'TopMemoryContext', 'TopTransactionContext', 'errors kept', 'the heap');
	# A round that leaks leaks at least a dozen bytes.
	for my $i (0 .. $#names)
	{
		my $allowed = $names[$i] eq 'errors kept' ? 0 : 6 * $rounds;
		cmp_ok($after[$i] - $before[$i], '<=', $allowed, "$rounds caught errors leave $names[$i] as it was");
	}
	is($after[3], 1, 'one error is kept, the last');

	# The same without a handler: every statement fails by itself.
	my $few = int($rounds / 10);
	my $statements = join '', map { "SELECT wall_run(\$\$SELECT wall_fail('$ways[$_ % @ways]')\$\$);\n" } 1 .. $few;
	my ($status, $said) = $node->psql('postgres', <<"END", on_error_stop => 0);
\\set VERBOSITY terse
$statements
SELECT * FROM memory;
$statements
SELECT * FROM memory;
SELECT nothing_left();
END
	($before, $after, $left) = split /\n/, $said;
	is($left, $clean, 'nothing left');
	@before = split /\|/, $before;
	@after = split /\|/, $after;
	cmp_ok($after[0] - $before[0], '<=', 6 * $few, "$few failed statements leave the contexts as they were");
	cmp_ok($after[4] - $before[4], '<=', 6 * $few + 32768, 'and the heap');
}

is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server never went down');
done_testing();
