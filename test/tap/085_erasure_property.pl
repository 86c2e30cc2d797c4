# Random schemas, labels and data: whatever they are, access() tells what belongs to each person, and forget() erases just
# that. A model of the schema in Perl, made apart from the extension, says who owns what.
#
#   GDPR_PROPERTY_RUNS  how many schemas (30)
#   GDPR_PROPERTY_SEED  the first one's seed (100); every schema has the next. With `new` they are such as nobody tried
#                       yet. A failure names the seed that repeats it.
use strict;
use warnings FATAL => 'all';
use JSON::PP;
use List::Util qw(any uniq);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $runs = $ENV{GDPR_PROPERTY_RUNS} // 30;
my $json = JSON::PP->new->canonical->allow_nonref;

my $node = PostgreSQL::Test::Cluster->new('property');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION gdpr CASCADE');

sub chance { return rand(100) < shift; }
sub pick { return $_[ int(rand(@_)) ]; }

# ---- The model -------------------------------------------------------------

# A table: name, subject, key (columns with types), edges from it, erase, keep, and rows by their key.
sub random_schema
{
	my @tables;
	foreach my $i (0 .. int(rand(2)))
	{
		my $key = pick([ [ 'id', 'int' ] ], [ [ 'email', 'text' ] ], [ [ 'land', 'text' ], [ 'no', 'int' ] ]);
		push @tables, { name => "s$i", subject => 1, key => $key, edges => [] };
	}
	my $subjects = @tables;
	foreach my $i (0 .. 2 + int(rand(5)))
	{
		my $table = { name => "t$i", key => [ [ 'id', 'int' ] ], edges => [] };
		foreach my $n (0 .. pick(0, 0, 0, 1, 1, 2))
		{
			my $to = chance(50) ? $tables[ int(rand($subjects)) ] : pick(@tables);
			my $edge = { from => $table, to => $to, n => $n, fk => chance(70), null => chance(65) };
			$edge->{columns} = [ map { "k${n}_$_->[0]" } @{ $to->{key} } ];
			$edge->{kind} = $to->{subject} ? pick('owned', 'owned', 'accessed') : pick('owned', 'owned', 'accessed', 'owns');
			$edge->{when} = $edge->{kind} ne 'owns' && chance(15);
			push @{ $table->{edges} }, $edge;
		}
		$table->{erase} = pick(undef, undef, undef, 'anonymize', 'delete');
		$table->{keep} = chance(20);
		push @tables, $table;
	}
	$_->{value} = pick('text', 'text NOT NULL', 'text NOT NULL UNIQUE', 'varchar(24) NOT NULL CHECK (length(v) > 3)')
	  foreach @tables;
	$_->{encrypted} = chance(30) foreach @tables;
	# Where a label is left out, a foreign key alone must decide.
	foreach my $table (@tables)
	{
		foreach my $edge (@{ $table->{edges} })
		{
			$edge->{to}{pointed} = 1 if $edge->{kind} eq 'owns';
		}
	}
	foreach my $table (@tables)
	{
		my @edges = @{ $table->{edges} };
		$table->{unlabelled} = @edges == 1 && $edges[0]{fk} && $edges[0]{kind} eq 'owned' && !$edges[0]{when}
		  && !$table->{pointed} && !$edges[0]{to}{pointed} && chance(50);
	}
	return @tables;
}

sub random_rows
{
	my (@tables) = @_;
	foreach my $table (@tables)
	{
		$table->{rows} = {};
		foreach my $i (1 .. ($table->{subject} ? 3 : 2 + int(rand(6))))
		{
			my @key = map { $_->[1] eq 'int' ? $i : "key-$table->{name}-$i" } @{ $table->{key} };
			my $row = { key => \@key, value => "tok-$table->{name}-$i-end", made => pick('now', 'old', 'null'), to => [],
				person => "$table->{name} @key" };
			foreach my $edge (@{ $table->{edges} })
			{
				my @there = values %{ $edge->{to}{rows} };
				@there = sort { "@{$a->{key}}" cmp "@{$b->{key}}" } @there;
				my $target = $edge->{null} && chance(25) ? undef : pick(@there)->{key};
				# A key that nothing guards may lead nowhere.
				$target = [ map { $_->[1] eq 'int' ? 99 : 'nowhere' } @{ $edge->{to}{key} } ] if !$edge->{fk} && chance(10);
				push @{ $row->{to} }, { key => $target, applies => !$edge->{when} || chance(60) };
			}
			$table->{rows}{"@key"} = $row;
		}
	}
	return;
}

# Gives people addresses and numbers, each written in several ways; whoever shares one with another row is one person
# with it, and with whom that shares another.
sub join_people
{
	my (@tables) = @_;
	my %bearers;
	foreach my $table (grep { $_->{subject} } @tables)
	{
		$table->{marks} = [ grep { chance(75) } 'mail', 'phone' ];
		foreach my $place (sort keys %{ $table->{rows} })
		{
			my $row = $table->{rows}{$place};
			foreach my $mark (@{ $table->{marks} })
			{
				next if chance(40);
				my $n = int(rand(4));
				$row->{$mark} = $mark eq 'mail' ? pick("m$n\@e.it", " m$n\@E.it", "M. <m$n\@e.IT>") : pick("+39 06 $n$n$n", "0039-06-$n$n$n");
				push @{ $bearers{"$mark $n"} }, $row;
			}
		}
	}
	my @rows = map { values %{ $_->{rows} } } grep { $_->{subject} } @tables;
	my $changed = 1;
	while ($changed)
	{
		$changed = 0;
		foreach my $group (values %bearers)
		{
			my ($first) = sort map { $_->{person} } @$group;
			foreach my $row (grep { $_->{person} ne $first } @$group)
			{
				$row->{person} = $first;
				$changed = 1;
			}
		}
	}
	return;
}

# Who owns each row, until nothing changes; and who accesses it.
sub find_owners
{
	my (@tables) = @_;
	foreach my $table (@tables)
	{
		foreach my $row (values %{ $table->{rows} })
		{
			$row->{owners} = $table->{subject} ? { $row->{person} => 1 } : {};
			$row->{accessors} = {};
		}
	}
	my $each_edge = sub {
		my ($visit) = @_;
		foreach my $table (@tables)
		{
			foreach my $row (values %{ $table->{rows} })
			{
				foreach my $i (0 .. $#{ $table->{edges} })
				{
					my ($edge, $to) = ($table->{edges}[$i], $row->{to}[$i]);
					next if !$to->{key} || !$to->{applies};
					my $parent = $edge->{to}{rows}{"@{$to->{key}}"};
					$visit->($edge->{kind}, $row, $parent, $edge) if $parent;
				}
			}
		}
	};
	my $grew = 1;
	while ($grew)
	{
		$grew = 0;
		$each_edge->(
			sub {
				my ($kind, $row, $parent) = @_;
				my ($owned, $owner) = $kind eq 'owned' ? ($row, $parent) : ($parent, $row);
				return if $kind eq 'accessed';
				foreach my $who (keys %{ $owner->{owners} })
				{
					$grew = 1 if !$owned->{owners}{$who}++;
				}
			});
	}
	$each_edge->(
		sub {
			my ($kind, $row, $parent) = @_;
			$row->{accessors}{$_} = 1 foreach $kind eq 'accessed' ? grep { !$row->{owners}{$_} } keys %{ $parent->{owners} } : ();
		});
	# What hangs on, or is owned by, a row of nobody's stays with that row.
	my %reached = map { $_->{name} => 1 } grep { $_->{subject} } @tables;
	foreach (@tables)
	{
		foreach my $edge (map { @{ $_->{edges} } } @tables)
		{
			my ($owner, $owned) = $edge->{kind} eq 'owns' ? ($edge->{from}, $edge->{to}) : ($edge->{to}, $edge->{from});
			$reached{ $owned->{name} } = 1 if $reached{ $owner->{name} } && $edge->{kind} ne 'accessed';
		}
	}
	$grew = 1;
	while ($grew)
	{
		$grew = 0;
		$each_edge->(
			sub {
				my ($kind, $row, $parent, $edge) = @_;
				my ($owned, $owner) = $kind eq 'owned' ? ($row, $parent) : ($parent, $row);
				$owned->{of_nobody} = 1 if $kind eq 'owns' && !$reached{ $edge->{from}{name} };
				return if $kind eq 'accessed' || $owned->{impersonal} || ($kind eq 'owned' && !$reached{ $edge->{to}{name} });
				my $from = $kind eq 'owned' ? $edge->{to} : $edge->{from};
				$grew = $owned->{impersonal} = 1
				  if !%{ $owner->{owners} } || ($owner->{impersonal} && (($from->{erase} // '') ne 'delete' || $owner->{of_nobody}));
			});
	}
	return;
}

# ---- As SQL ----------------------------------------------------------------

sub literal { my ($value) = @_; return defined $value ? "'$value'" : 'NULL'; }

sub label_of
{
	my ($table) = @_;
	return 'subject' if $table->{subject};
	my @words;
	foreach my $edge ($table->{unlabelled} ? () : @{ $table->{edges} })
	{
		my $columns = join(', ', @{ $edge->{columns} });
		my $arrow = $edge->{fk} && !$edge->{when} ? '' : " -> $edge->{to}{name}";
		# A foreign key may stand for several edges; the table tells which.
		$arrow .= " when w$edge->{n}" if $edge->{when};
		push @words, "$edge->{kind}($columns$arrow)";
	}
	push @words, "erase($table->{erase})" if $table->{erase};
	push @words, 'keep(10 years, made_on, legal_obligation)' if $table->{keep};
	return join(', ', @words);
}

sub schema_sql
{
	my ($schema, @tables) = @_;
	my $sql = "CREATE SCHEMA $schema; SET search_path = $schema;\n";
	foreach my $table (@tables)
	{
		my @columns = map { "$_->[0] $_->[1]" } @{ $table->{key} };
		my @constraints = ('PRIMARY KEY (' . join(', ', map { $_->[0] } @{ $table->{key} }) . ')');
		push @columns, "v $table->{value}", 'made_on date', map { "$_ text" } @{ $table->{marks} // [] };
		foreach my $edge (@{ $table->{edges} })
		{
			my @types = map { $_->[1] } @{ $edge->{to}{key} };
			push @columns, map { "$edge->{columns}[$_] $types[$_]" . ($edge->{null} ? '' : ' NOT NULL') } 0 .. $#types;
			push @columns, "w$edge->{n} boolean" if $edge->{when};
			push @constraints, 'FOREIGN KEY (' . join(', ', @{ $edge->{columns} }) . ") REFERENCES $edge->{to}{name}" if $edge->{fk};
		}
		$sql .= "CREATE TABLE $table->{name} (" . join(', ', @columns, @constraints) . ");\n";
		foreach my $key (sort keys %{ $table->{rows} })
		{
			my $row = $table->{rows}{$key};
			my @values = (map { literal($_) } @{ $row->{key} }, $row->{value});
			push @values, { now => 'current_date', old => "'1990-01-01'", null => 'NULL' }->{ $row->{made} };
			push @values, map { literal($row->{$_}) } @{ $table->{marks} // [] };
			foreach my $i (0 .. $#{ $table->{edges} })
			{
				my $edge = $table->{edges}[$i];
				my $to = $row->{to}[$i];
				push @values, map { literal($to->{key} ? $to->{key}[$_] : undef) } 0 .. $#{ $edge->{columns} };
				push @values, $to->{applies} ? 'true' : 'false' if $edge->{when};
			}
			$sql .= "INSERT INTO $table->{name} VALUES (" . join(', ', @values) . ");\n";
		}
	}
	foreach my $table (@tables)
	{
		my $label = label_of($table);
		$sql .= "SECURITY LABEL FOR gdpr ON TABLE $table->{name} IS '$label';\n" if $label;
		my $encrypted = $table->{encrypted} ? ', encrypted' : '';
		$sql .= "SECURITY LABEL FOR gdpr ON COLUMN $table->{name}.v IS 'personal$encrypted';\n";
		$sql .= "SECURITY LABEL FOR gdpr ON COLUMN $table->{name}.$_ IS 'personal, identifier, same_person($_)$encrypted';\n"
		  foreach @{ $table->{marks} // [] };
	}
	return $sql . "CALL gdpr.apply();\n";
}

sub key_argument
{
	my ($who) = @_;
	my ($table, @key) = split(/ /, $who);
	return ($table, @key > 1 ? '(' . join(',', @key) . ')' : $key[0]);
}

# A person's rows of subject tables; and any of them.
sub rows_of
{
	my ($who, @tables) = @_;
	return map { my $t = $_; map { "$t->{name} $_" } grep { $t->{rows}{$_}{person} eq $who } sort keys %{ $t->{rows} } }
	  grep { $_->{subject} } @tables;
}

sub name_of { return pick(rows_of(@_)); }

sub state_sql
{
	my ($schema, $people, @tables) = @_;
	my $sql = '';
	foreach my $who (@$people)
	{
		my ($table, $key) = key_argument(name_of($who, @tables));
		$sql .= "SELECT json_build_object('who', '$who', 'access', gdpr.access('$schema.$table', '$key'));\n";
	}
	foreach my $table (@tables)
	{
		my $key = join(" || ' ' || ", map { $_->[0] } @{ $table->{key} });
		$sql .= "SELECT json_build_object('table', '$table->{name}', 'key', ($key)::text, 'row', to_jsonb(t)) FROM $table->{name} t;\n";
	}
	return $sql;
}

# Access of everyone, told and accessed rows by table and key; and all rows.
sub state_of
{
	my ($schema, $output, @tables) = @_;
	my %keys = map { $_->{name} => $_->{key} } @tables;
	my (%access, %rows);
	foreach my $line (grep { /^\{/ } split(/\n/, $output))
	{
		my $found = $json->decode($line);
		$rows{"$found->{table} $found->{key}"} = $json->encode($found->{row}) if $found->{table};
		next if !$found->{who};
		foreach my $part ('data', 'accessed')
		{
			foreach my $relation (keys %{ $found->{access}{$part} })
			{
				my $table = $relation =~ s/^\Q$schema\E\.//r;
				$access{ $found->{who} }{$part}{ "$table " . join(' ', map { $_ // '' } @{$_}{ map { $_->[0] } @{ $keys{$table} } }) } = $json->encode($_)
				  foreach @{ $found->{access}{$part}{$relation} };
			}
		}
	}
	return { access => \%access, rows => \%rows };
}

# ---- One schema ------------------------------------------------------------

my ($refused, $forgotten, $joined) = (0, 0, 0);

# Returns what is wrong.
sub try_person
{
	my ($schema, $who, $people, $before, @tables) = @_;
	my @wrong;
	my @others = grep { $_ ne $who } @$people;
	my $named = sub { my ($table, $key) = key_argument(name_of($who, @tables)); return "'$schema.$table', '$key'"; };
	my $call = sub { return 'gdpr.forget(' . $named->() . ", 'property'" };
	my $sql = "\\set ON_ERROR_ROLLBACK on\nSET search_path = $schema;\nBEGIN;\n"
	  . "SELECT 'dry', f FROM @{[$call->()]}, true) f;\nSELECT 'run', f FROM @{[$call->()]}) f;\nSELECT 'again', f FROM @{[$call->()]}) f;\n"
	  . "SELECT 'left', v FROM gdpr.verify_forgotten(@{[$named->()]}) v;\n"
	  . state_sql($schema, \@others, @tables)
	  . "SELECT 'log', l FROM gdpr.audit_log l WHERE relation::text LIKE '$schema.%';\n";
	# When the time of what was kept is over, as gdpr.expire: each of their rows by itself.
	$sql .= "\\warn later\nSET LOCAL session_replication_role = replica;\n"
	  . join('', map { "UPDATE $_->{name} SET made_on = '1990-01-01' WHERE made_on IS NOT NULL;\n" } grep { $_->{keep} } @tables)
	  . "SET LOCAL session_replication_role = origin;\n";
	foreach my $row (rows_of($who, @tables))
	{
		my ($table, $key) = key_argument($row);
		$sql .= "SELECT 'late', f FROM gdpr.forget('$schema.$table', '$key', 'property') f;\n";
	}
	$sql .= "SELECT 'later', to_jsonb(t) FROM $_->{name} t;\n" foreach @tables;
	$sql .= "ROLLBACK;\n";
	my ($out, $err) = ('', '');
	$node->psql('postgres', $sql, stdout => \$out, stderr => \$err, on_error_stop => 0, timeout => 120);
	# What was kept may be others' as well, and be refused only then.
	($err, my $late_err) = split(/^later$/m, $err);
	return ($late_err) if $late_err =~ /ERROR:  (?!rows of .* have another owner)/;
	if ($err =~ /ERROR/)
	{
		# Several owners, and a key that cannot be cut: nothing is done.
		if ($err =~ /have another owner, and their key to this person cannot be null/)
		{
			my $after = state_of($schema, $out, @tables);
			push @wrong, 'refused, and something was done'
			  if $json->encode($after->{rows}) ne $json->encode($before->{rows});
			$refused++;
			return @wrong;
		}
		return ($err);
	}
	$forgotten++;
	my %lines;
	push @{ $lines{$1} }, $2 while $out =~ /^(dry|run|again|left|log|late|later)\|(.*)$/mg;
	push @wrong, 'the dry run said otherwise' if "@{$lines{dry} // []}" ne "@{$lines{run} // []}";
	push @wrong, "a second run did: @{$lines{again}}" if $lines{again};
	push @wrong, "left: @{$lines{left}}" if $lines{left};

	my $after = state_of($schema, $out, @tables);
	my $all = join("\n", values %{ $after->{rows} }, @{ $lines{log} // [] });
	foreach my $each (@tables)
	{
		foreach my $row (values %{ $each->{rows} })
		{
			my $place = "$each->{name} @{$row->{key}}";
			my $own = $row->{owners}{$who};
			my $kept = $own && $each->{keep} && $row->{made} eq 'now';
			my $alone = $own && ((keys %{ $row->{owners} } == 1 && !$row->{impersonal}) || (($each->{erase} // '') eq 'delete' && !$row->{of_nobody}));
			push @wrong, "$place is kept and was changed" if $kept && ($after->{rows}{$place} // '') ne $before->{rows}{$place};
			push @wrong, "$place: its value is left" if $alone && !$kept && $all =~ /\b\Q$row->{value}\E\b/;
			push @wrong, "$place: its value is left when the time is over"
			  if $alone && $kept && $late_err !~ /ERROR/ && any { /\b\Q$row->{value}\E\b/ } @{ $lines{later} };
			push @wrong, "$place of others is gone" if !$own && !exists $after->{rows}{$place};
			push @wrong, "$place of others lost its value" if !$own && ($after->{rows}{$place} // '') !~ /\Q$row->{value}\E/;
		}
	}
	# Other people's answers: the same, but for rows that were this person's too, and those that pointed at theirs.
	my %touched;
	foreach my $each (@tables)
	{
		foreach my $row (values %{ $each->{rows} })
		{
			my $points = any
			{
				my $to = $row->{to}[$_]{key};
				my $parent = $to && $each->{edges}[$_]{to}{rows}{"@$to"};
				$parent && $parent->{owners}{$who};
			}
			0 .. $#{ $each->{edges} };
			$touched{"$each->{name} @{$row->{key}}"} = 1 if $row->{owners}{$who} || $row->{accessors}{$who} || $points;
		}
	}
	foreach my $other (@others)
	{
		foreach my $part ('data', 'accessed')
		{
			my ($old, $new) = ($before->{access}{$other}{$part} // {}, $after->{access}{$other}{$part} // {});
			foreach my $place (uniq keys %$old, keys %$new)
			{
				push @wrong, "access of $other changed: $part $place"
				  if !$touched{$place} && ($old->{$place} // '') ne ($new->{$place} // '');
			}
		}
	}
	return @wrong;
}

sub try_schema
{
	my ($run, $alone) = @_;
	srand($run);
	my $schema = "r$run";
	my @tables = random_schema();
	random_rows(@tables);
	join_people(@tables) if !$alone && chance(50);
	find_owners(@tables);
	my @people = uniq map { my $t = $_; map { $t->{rows}{$_}{person} } sort keys %{ $t->{rows} } } grep { $_->{subject} } @tables;
	$joined++ if @people < map { keys %{ $_->{rows} } } grep { $_->{subject} } @tables;
	my $text = schema_sql($schema, @tables);
	my ($out, $err) = ('', '');
	$node->psql('postgres', $text, stdout => \$out, stderr => \$err);
	my @wrong = $err =~ /ERROR/ ? ("schema: $err") : ();
	if (!@wrong)
	{
		my $undecided = $node->safe_psql('postgres', "SELECT relation, remedy FROM gdpr.data_map WHERE kind = 'undecided'");
		push @wrong, "undecided: $undecided" if $undecided;
	}
	if (!@wrong)
	{
		my $before = state_of($schema, $node->safe_psql('postgres', "SET search_path = $schema;" . state_sql($schema, \@people, @tables)), @tables);
		foreach my $who (@people)
		{
			foreach my $part ([ 'data', 'owners' ], [ 'accessed', 'accessors' ])
			{
				my @expected = map { my $t = $_; map { "$t->{name} @{$_->{key}}" } grep { $_->{ $part->[1] }{$who} } values %{ $t->{rows} } } @tables;
				my @told = keys %{ $before->{access}{$who}{ $part->[0] } // {} };
				push @wrong, "access of $who: $part->[0] is (@{[sort @told]}), not (@{[sort @expected]})"
				  if "@{[sort @told]}" ne "@{[sort @expected]}";
			}
		}
		foreach my $who (@people)
		{
			push @wrong, map { "forget $who: $_" } try_person($schema, $who, \@people, $before, @tables);
		}
	}
	ok(!@wrong, "seed $run") or diag("GDPR_PROPERTY_SEED=$run GDPR_PROPERTY_RUNS=1\n", join("\n", @wrong), "\n\n$text");
	$node->psql('postgres',
		"SET client_min_messages = error; DROP SCHEMA $schema CASCADE; TRUNCATE gdpr.erasure, gdpr.blocklist, gdpr.audit_record, gdpr.provenance_record, gdpr.restriction");
	return;
}

# New ones by the time; far from each other, so that no two days try the same.
my $first = $ENV{GDPR_PROPERTY_SEED} // 100;
$first = (time() % 10_000_000) * 1000 if $first eq 'new';
my @seeds = map { $first + $_ } 0 .. $runs - 1;
# Schemas that once went wrong: a kept row reached through one that is cut loose; a row that others own
# and cannot let go; a blanked row that the person accessed; rows on a row of nobody; a row kept for one that goes; a
# key cut beside one to the same row that cannot be; a blanked row that told of another blanked one; the way
# to a kept row by a key that counts only under a condition. None joined people.
# What two rows of a person have in common, when nothing joins them any more; rows that an erasure left to nobody.
try_schema($_) foreach @seeds;
if (!$ENV{GDPR_PROPERTY_SEED})
{
	try_schema($_, 1) foreach 1795553223, 5026, 7023, 7086, 603300910, 603400168, 603400445, 71000274;
	try_schema($_) foreach 605817208, 71000187, 71000352, 71000420, 72000011, 74000035, 74000218, 74000409;
}
ok($joined > 0 || $runs < 10, "$joined schemas had people in several rows");
ok($forgotten > $refused || $runs < 10, "$forgotten people were forgotten, $refused refused");
done_testing();
