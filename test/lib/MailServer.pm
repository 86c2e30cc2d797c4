# A mail server of our own, smtp_server.py: started, told how to behave, asked what it got.
package MailServer;
use strict;
use warnings FATAL => 'all';
use FindBin;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

# MailServer->new(name => 'value', ...): options of the script, without their dashes.
sub new
{
	my ($class, %options) = @_;
	my $self = bless {
		port => delete $options{port} // PostgreSQL::Test::Cluster::get_free_port(),
		directory => PostgreSQL::Test::Utils::tempdir_short(),
		options => [ map { defined $options{$_} ? "--$_=$options{$_}" : "--$_" } sort keys %options ],
	}, $class;
	$self->start;
	return $self;
}

sub start
{
	my ($self) = @_;
	unlink "$self->{directory}/ready";
	$self->{process} = IPC::Run::start(
		[ 'python3', "$FindBin::Bin/../lib/smtp_server.py", $self->{port}, $self->{directory}, @{ $self->{options} } ],
		'<', \undef, '>', "$self->{directory}/out", '2>', "$self->{directory}/err");
	for (1 .. 1000)
	{
		return if -e "$self->{directory}/ready";
		select undef, undef, undef, 0.02;
	}
	die 'the mail server does not start: ' . slurp_file("$self->{directory}/err");
}

sub stop
{
	my ($self) = @_;
	$self->{process}->kill_kill if $self->{process};
	$self->{process} = undef;
	return;
}

sub mode
{
	my ($self, $mode) = @_;
	open my $file, '>', "$self->{directory}/mode.new" or die $!;
	print $file $mode;
	close $file;
	rename "$self->{directory}/mode.new", "$self->{directory}/mode" or die $!;
	return;
}

# What it took over so far, oldest first: from, to, id, subject, tls, user.
sub mails
{
	my ($self) = @_;
	return map { JSON::PP::decode_json($_) } split /\n/, slurp_file("$self->{directory}/log");
}

# How many; it reads what is new alone.
sub count
{
	my ($self) = @_;
	open my $file, '<', "$self->{directory}/log" or die $!;
	seek $file, $self->{read} //= 0, 0;
	local $/ = undef;
	my $new = <$file> // '';
	$self->{read} += length $new;
	return $self->{count} += ($new =~ tr/\n//);
}

# One of them whole, counted from 1; with --keep.
sub mail
{
	my ($self, $number) = @_;
	return slurp_file("$self->{directory}/$number.eml");
}

# The same as a mail program shows it: to, subject, text, html, files by name, all in UTF-8.
sub shown
{
	my ($self, $number) = @_;
	return JSON::PP->new->decode(slurp_file("$self->{directory}/$number.json"));
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	$self->stop;
	return;
}

1;
