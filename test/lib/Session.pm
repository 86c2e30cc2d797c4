# An open psql session in a TAP test: one connection that answers again and again. (PostgreSQL::Test's own
# background_psql differs between server versions.)
package Session;

use strict;
use warnings FATAL => 'all';
use IPC::Run;

# Session->new($node, $dbname, $connection_options)
sub new
{
	my ($class, $node, $dbname, $options) = @_;
	my ($in, $out, $err) = ('', '', '');
	my $self = bless { in => \$in, out => \$out, err => \$err, timer => IPC::Run::timeout(180) }, $class;
	$self->{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr($dbname) . ' ' . ($options // ''), '-f', '-' ],
		'<', \$in, '>', \$out, '2>', \$err, $self->{timer});
	$self->query('SELECT 1');
	return $self;
}

# What psql answers, output and then errors.
sub query
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->answer;
}

# Sends without waiting for the answer.
sub send
{
	my ($self, $sql) = @_;
	${ $self->{out} } = '';
	${ $self->{err} } = '';
	${ $self->{in} } .= "$sql;\n\\echo end-of-answer\n\\warn end-of-answer\n";
	IPC::Run::pump_nb($self->{handle});
	return;
}

sub answer
{
	my ($self) = @_;
	IPC::Run::pump($self->{handle})
	  until ${ $self->{out} } =~ /end-of-answer\n/ && ${ $self->{err} } =~ /end-of-answer\n/;
	my $answer = ${ $self->{out} } . ${ $self->{err} };
	$answer =~ s/end-of-answer\n//g;
	chomp $answer;
	return $answer;
}

# Ends it, whether or not its server still lives.
sub quit
{
	my ($self) = @_;
	${ $self->{in} } .= "\\q\n";
	eval { IPC::Run::finish($self->{handle}) };
	return;
}

1;
