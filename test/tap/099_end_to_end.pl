# One person from the first form to the last: a real page in a real browser, a real mail server, the officer's queue.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Crm;
use MIME::Base64;
use Portal;
use Test::More;

plan skip_all => Portal::missing() if Portal::missing();

my $node = Crm::start('whole');
$node->safe_psql(
	'crm', q{
CREATE TABLE contact (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name text);
CREATE TABLE visit (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, contact_id int NOT NULL REFERENCES contact, place text);
GRANT ALL ON contact, visit TO app;
SECURITY LABEL FOR gdpr ON TABLE contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN visit.place IS 'personal';
CALL gdpr.apply();
});

sub officer { my ($sql) = @_; return $node->safe_psql('crm', $sql, extra_params => [ '-U', 'officer' ]) }

sub app
{
	my ($sql) = @_;
	my ($out, $err);
	is($node->psql('crm', $sql, stdout => \$out, stderr => \$err, extra_params => [ '-U', 'app' ]), 0, "the application: $sql");
	return ($out, $err);
}

officer(q{
INSERT INTO gdpr.controller (name, contact) VALUES ('Shop', 'privacy@shop.example');
INSERT INTO gdpr.purpose (name, description, basis, direct_marketing) VALUES ('news', 'our monthly news', 'consent', true);
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('service', 'what you order', 'contract');
INSERT INTO gdpr.optin_form (name, target, email_column, purposes) VALUES ('signup', 'contact', 'email', '{news}');
INSERT INTO gdpr.consent_form (name, title) VALUES ('yearly', 'May we go on, {{name}}?');
INSERT INTO gdpr.consent_question (form, purpose, wording) VALUES ('yearly', 'news', 'I want the news');
});

my $portal = Portal->new($node, 'crm', 'web');
my $browser = $portal->browser;
my $stranger = 'carla.verdi@example.it';

sub sign_up
{
	$browser->get($portal->home);
	$browser->type('input[name=email]', $stranger);
	$browser->type('input[name=name]', 'Carla');
	$browser->click('input[name=news]');
	$browser->submit('button');
	return like($browser->text, qr/sent you a mail/, 'signed up by the web form');
}

# A stranger submits, gets the mail, confirms.
sign_up();
is($node->safe_psql('crm', 'SELECT count(*) FROM contact'), 0, 'not in the CRM before they confirm');
$browser->get($portal->link_to($stranger));
$browser->submit('button');
like($browser->text, qr/confirmed/, 'confirmed');
my ($id) = app('SELECT id FROM contact');
is(officer(qq{SELECT kind, name, address FROM gdpr.provenance WHERE key = '$id'}), 'webform|signup|127.0.0.1', 'in the CRM with their source');
is(officer(qq{SELECT gdpr.has_consent('contact', '$id', 'news')}), 't', 'and consent');
is(officer(qq{SELECT (evidence -> 'submitted' ->> 'address'), (evidence -> 'confirmed' ->> 'address') FROM gdpr.consent WHERE key = '$id'}),
	'127.0.0.1|127.0.0.1', 'with both steps as evidence');
app("INSERT INTO visit (contact_id, place) VALUES ($id, 'Rome')");

# A consent form, answered.
officer(qq{SELECT gdpr.send_consent_form('yearly', 'contact', '$id')});
$browser->get($portal->link_to($stranger));
is($browser->text('h1'), 'May we go on, Carla?', 'the consent form');
$browser->click('input[value=no]');
$browser->submit('button');
like($browser->text, qr/recorded/, 'answered');
is(officer(qq{SELECT gdpr.has_consent('contact', '$id', 'news')}), 'f', 'no is no');

# Each request stands in the officer's queue with its due date: the same day next month, at the end of the day, moved past weekends.
my $queue = q{SELECT kind, key, state, due_at > received_at + interval '28 days' AND due_at < received_at + interval '36 days',
	days_left BETWEEN 27 AND 36 FROM gdpr.request_queue};

# Access by mail: the CSV.
my $access = officer(qq{SELECT gdpr.open_request('access', 'contact', '$id')});
is(officer($queue), "access|$id|open|t|t", 'the request for access is in the queue, with its due date');
officer(qq{SELECT gdpr.verify_identity($access, 'answered from the address we know')});
is(officer(qq{SELECT gdpr.fulfil_request($access)}), 'fulfilled', 'fulfilled by mail');
my $mail = $portal->mail_to($stranger);
my ($csv) = map { decode_base64($_) } $mail =~ /filename="?public\.contact\.csv"?.*?\r?\n\r?\n([A-Za-z0-9+\/=\s]+?)\r?\n--/s;
like($csv // $mail, qr/^id,email,name\r?\n$id,\Q$stranger\E,Carla\r?$/m, 'they receive the CSV');
my ($visits) = map { decode_base64($_) } $mail =~ /filename="?public\.visit\.csv"?.*?\r?\n\r?\n([A-Za-z0-9+\/=\s]+?)\r?\n--/s;
like($visits // $mail, qr/Rome/, 'with what belongs to them');
is(officer($queue), '', 'nothing is open any more');

# They object.
is(officer(qq{SELECT gdpr.may_process('contact', '$id', 'service')}), 't', 'processed until they object');
my $objection = officer(qq{SELECT gdpr.open_request('objection', 'contact', '$id', details => '{"purpose": "service", "text": "leave me alone"}')});
is(officer($queue), "objection|$id|open|t|t", 'the objection is in the queue, with its due date');
officer(qq{SELECT gdpr.fulfil_request($objection)});
is(officer(qq{SELECT gdpr.may_process('contact', '$id', 'service')}), 'f', 'and not afterwards');

# They are forgotten.
my $erasure = officer(qq{SELECT gdpr.open_request('erasure', 'contact', '$id', details => '{"reason": "consent withdrawn"}')});
is(officer($queue), "erasure|$id|open|t|t", 'the request for erasure is in the queue, with its due date');
officer(qq{SELECT gdpr.verify_identity($erasure, 'answered from the address we know')});
is(officer(qq{SELECT gdpr.fulfil_request($erasure)}), 'fulfilled', 'forgotten');
is($node->safe_psql('crm', 'SELECT (SELECT count(*) FROM contact) + (SELECT count(*) FROM visit)'), 0, 'gone from the CRM');
is(officer(qq{SELECT * FROM gdpr.verify_forgotten('contact', '$id')}), '', 'and from everywhere');

# They come back: by an import, which is warned of; by the web form, which tells the page nothing and the officer everything.
my (undef, $warning) = app("BEGIN; INSERT INTO contact (email) VALUES ('$stranger'); ROLLBACK");
like($warning, qr/WARNING:  this person asked to be forgotten/, 'the application is warned');
sign_up();
my $link = $portal->link_to($stranger);
like($portal->mail_to($stranger), qr/had asked us to be forgotten/, 'the mail says that they had asked to be forgotten');
is($node->safe_psql('crm', 'SELECT count(*) FROM contact'), 0, 'they are not stored before they confirm');
$browser->get($link);
$browser->submit('button');
like($browser->text, qr/confirmed/, 'they agree anew');
is($node->safe_psql('crm', 'SELECT count(*) FROM contact'), 1, 'and are stored');
is(officer(q{SELECT action, count(*) FROM gdpr.blocklist_hits() GROUP BY 1 ORDER BY 1}), "lift|1\nwarn|1", 'the officer sees both');
is(officer(q{SELECT reason FROM gdpr.unblocking}), 'confirmed opt-in by form signup', 'and why the block was lifted');

my $log = slurp_file($node->logfile) . slurp_file($portal->{log});
is(scalar(grep { index($log, $_) >= 0 } $portal->tokens), 0, 'no token is in a log');
unlike($log, qr/\Q$stranger\E/, 'nor their address');

$portal->stop;
done_testing();
