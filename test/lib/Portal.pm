# The demo's web application over a database, a mail server that keeps what it gets, and a browser.
package Portal;
use strict;
use warnings FATAL => 'all';
use Browser;
use FindBin;
use IPC::Run ();
use MailServer;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

# What is missing to run it; empty: nothing.
sub missing
{
	for my $program ('chromium', 'chromedriver')
	{
		return "$program is missing" if !grep { -x "$_/$program" } split /:/, $ENV{PATH};
	}
	return 'python3-psycopg is missing' if system('python3 -c "import psycopg" 2>/dev/null') != 0;
	return '';
}

# Portal->new($node, $database, $role): mail settings are set for the database.
sub new
{
	my ($class, $node, $database, $role) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $self = bless {
		node => $node,
		database => $database,
		home => "http://127.0.0.1:$port/",
		log => "$PostgreSQL::Test::Utils::log_path/portal.log",
		mail => MailServer->new('keep' => undef),
		tokens => [],
	}, $class;
	$node->safe_psql(
		$database, qq{
		ALTER DATABASE $database SET gdpr.mail_from = 'Shop <privacy\@shop.example>';
		ALTER DATABASE $database SET gdpr.smtp_url = 'smtp://127.0.0.1:$self->{mail}{port}';
		ALTER DATABASE $database SET gdpr.public_url = '$self->{home}';});
	$self->{process} =
	  IPC::Run::start([ "$FindBin::Bin/../../demo/portal.py", $port, $node->connstr($database) . " user=$role" ],
		'<', \undef, '>', '/dev/null', '2>', $self->{log});
	$self->{browser} = Browser->new;
	for (1 .. 200)
	{
		last if eval { $self->browser->get($self->{home}); $self->browser->count('form') };
		select undef, undef, undef, 0.1;
	}
	return $self;
}

sub browser { my ($self) = @_; return $self->{browser} }
sub home { my ($self) = @_; return $self->{home} }
sub tokens { my ($self) = @_; return @{ $self->{tokens} } }

# The newest mail to an address, after sending what is due: as it came, and with quoted-printable undone.
sub mail_to
{
	my ($self, $address) = @_;
	$self->{node}->safe_psql($self->{database}, q{CALL gdpr.run_due_work()});
	my @mails = $self->{mail}->mails;
	for my $number (reverse 1 .. @mails)
	{
		next if !grep { $_ eq $address } @{ $mails[ $number - 1 ]{to} };
		my $text = $self->{mail}->mail($number);
		$text =~ s/=\r?\n//g;
		$text =~ s/=([0-9A-F]{2})/chr hex $1/ge;
		return $text;
	}
	die "no mail to $address";
}

# The link in it.
sub link_to
{
	my ($self, $address) = @_;
	my $text = $self->mail_to($address);
	$text =~ m{(\Q$self->{home}\E\S*token=([A-Za-z0-9_-]+))} or die "no link in the mail to $address";
	push @{ $self->{tokens} }, $2;
	return $1;
}

sub stop
{
	my ($self) = @_;
	$self->{process}->kill_kill if $self->{process};
	$self->{$_}->stop for grep { $self->{$_} } 'browser', 'mail';
	$self->{$_} = undef for 'process', 'browser', 'mail';
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	$self->stop;
	return;
}

1;
