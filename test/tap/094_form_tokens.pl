# Tokens that wait: through a dump and restore; and guesses of many sessions at once, which stand in one line.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use Crm;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'time';

my $node = Crm::start('tokens', "gdpr.mail_from = 'privacy\@shop.example'\ngdpr.public_url = 'https://shop.example/'");
$node->safe_psql(
	'crm', q{
CREATE TABLE contact (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text, name text);
SECURITY LABEL FOR gdpr ON TABLE contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.name IS 'personal';
CALL gdpr.apply();
INSERT INTO contact (email) VALUES ('bruno@example.it');
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('news', 'our monthly news', 'consent');
INSERT INTO gdpr.optin_form (name, target, email_column, purposes) VALUES ('signup', 'contact', 'email', '{news}');
INSERT INTO gdpr.consent_form (name, title) VALUES ('yearly', 'May we?');
INSERT INTO gdpr.consent_question (form, purpose, wording) VALUES ('yearly', 'news', 'I want the news');
});

sub web { my ($database, $sql) = @_; return $node->safe_psql($database, $sql, extra_params => [ '-U', 'web' ]) }

sub token
{
	my ($database) = @_;
	my $mail = $node->safe_psql($database, q{SELECT convert_from(message, 'UTF8') FROM gdpr.take_mail(1)});
	$mail =~ s/=\r?\n//g;
	$mail =~ s/=3D/=/g;
	return $mail =~ /token=([A-Za-z0-9_-]+)/ ? $1 : die "no token in: $mail";
}

web('crm', q{SELECT gdpr.optin_submit('signup', '{"email": "anna@example.it", "name": "Anna"}', '192.0.2.7', 'Firefox')});
my $confirm = token('crm');
$node->safe_psql('crm', q{SELECT gdpr.send_consent_form('yearly', 'contact', '1')});
my $answer = token('crm');
$node->safe_psql('crm', q{SELECT gdpr.send_portal_link('contact', '1')});
my $portal = token('crm');
web('crm', q{SELECT gdpr.optin_submit('signup', '{"email": "carla@example.it"}')});

my $dump = $node->basedir . '/crm.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('crm') ], 'a dump while people are asked');
my $text = slurp_file($dump);
is(scalar(grep { index($text, $_) >= 0 } $confirm, $answer, $portal), 0, 'holds no token');
unlike($text, qr/anna\@example|carla\@example|Firefox/, 'nor what was filled in');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('again') ], 'restored');

is(web('again', "SELECT gdpr.optin_confirm('$confirm', '192.0.2.8')"), '2', 'the link of before confirms there');
is($node->safe_psql('again', q{SELECT email, name, gdpr.has_consent('contact', id::text, 'news') FROM contact WHERE id = 2}),
	'anna@example.it|Anna|t', 'what was filled in before');
is(web('again', qq{SELECT gdpr.answer_consent_form('$answer', '{"news": true}')}), '1', 'the consent form is answered there');
like(web('again', "SELECT gdpr.self_access('$portal')"), qr/bruno\@example\.it/, 'and the portal opens');
# Tokens of both databases' keys, side by side.
my $later = token('again');
is(web('again', "SELECT gdpr.optin_confirm('$later')"), '3', 'a link that is mailed after the restore confirms');

# Attack: guessing in many sessions at once.
my $guesses = 12;
my $began = time;
my @sessions = map {
	my $number = $_;
	IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('crm') . ' user=web', '-c', "SELECT gdpr.self_access('guess $number')" ],
		'<', \undef, '>', '/dev/null', '2>', '/dev/null')
} 1 .. $guesses;
$_->finish for @sessions;
my $took = time - $began;
cmp_ok($took, '>=', ($guesses - 1) / 10, 'guesses of all sessions are answered ten a second');
is(web('crm', "SELECT gdpr.optin_confirm('$confirm')"), '2', 'the right one opens all the same');

$node->stop;
done_testing();
