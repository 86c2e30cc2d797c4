# Headless Chromium, by browser.py.
package Browser;
use strict;
use warnings FATAL => 'all';
use FindBin;
use IPC::Run ();
use JSON::PP ();

sub new
{
	my ($class) = @_;
	my $self = bless { in => '', out => '', err => '' }, $class;
	$self->{process} = IPC::Run::start([ 'python3', "$FindBin::Bin/../lib/browser.py" ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, IPC::Run::timeout(600));
	$self->answer;
	return $self;
}

sub answer
{
	my ($self) = @_;
	$self->{process}->pump until $self->{out} =~ /\n/;
	$self->{out} =~ s/^(.*)\n// or die;
	my $answer = JSON::PP::decode_json($1);
	die "browser: $answer->{error}" if defined $answer->{error};
	return $answer->{value};
}

sub tell
{
	my ($self, @words) = @_;
	$self->{in} .= join(' ', @words) . "\n";
	return $self->answer;
}

sub get { my ($self, $url) = @_; return $self->tell('get', $url) }
sub click { my ($self, $css) = @_; return $self->tell('click', $css) }
sub submit { my ($self, $css) = @_; return $self->tell('submit', $css) }
sub type { my ($self, $css, $text) = @_; return $self->tell('type', $css, $text) }
sub clear { my ($self, $css) = @_; return $self->tell('clear', $css) }
sub text { my ($self, $css) = @_; return $self->tell('text', $css // 'body') }
sub count { my ($self, $css) = @_; return $self->tell('count', $css) }
sub js { my ($self, $script) = @_; return $self->tell('js', $script) }

sub stop
{
	my ($self) = @_;
	return unless $self->{process};
	close_in($self);
	$self->{process} = undef;
	return;
}

sub close_in
{
	my ($self) = @_;
	local $@;
	eval { $self->{process}->finish; 1 } or eval { $self->{process}->kill_kill };
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
