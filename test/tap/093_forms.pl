# Forms and portal as people meet them: the demo's pages in a real browser, the links from a real mail server.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Crm;
use Portal;
use Test::More;

plan skip_all => Portal::missing() if Portal::missing();

my $node = Crm::start('forms');
$node->safe_psql(
	'crm', q{
CREATE TABLE contact (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name text, credit int DEFAULT 0);
SECURITY LABEL FOR gdpr ON TABLE contact IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.name IS 'personal';
CALL gdpr.apply();
INSERT INTO contact (email, name) VALUES ('bruno@example.it', '<img src=x onerror=document.title="owned"> {{email}}');
INSERT INTO gdpr.controller (name, contact) VALUES ('Shop', 'privacy@shop.example');
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('news', 'our monthly news', 'consent'), ('offers', 'offers made for you', 'consent');
INSERT INTO gdpr.optin_form (name, target, email_column, purposes) VALUES ('signup', 'contact', 'email', '{news}');
INSERT INTO gdpr.consent_form (name, locale, title, introduction) VALUES ('yearly', 'it', 'Possiamo, {{name}}?', 'Una volta l''anno.');
INSERT INTO gdpr.consent_question (form, locale, purpose, wording) VALUES ('yearly', 'it', 'news', 'Le notizie'), ('yearly', 'it', 'offers', 'Le offerte');
});

sub officer { my ($sql) = @_; return $node->safe_psql('crm', $sql, extra_params => [ '-U', 'officer' ]) }

my $portal = Portal->new($node, 'crm', 'web');
my $browser = $portal->browser;
my $home = $portal->home;

# ---- Opt-in -----------------------------------------------------------------

$browser->get($home);
$browser->type('input[name=email]', 'anna@example.it');
$browser->type('input[name=name]', 'Anna');
is($browser->js('return document.querySelector("input[name=news]").checked'), 0, 'consent is not chosen beforehand');
$browser->click('input[name=news]');
$browser->submit('button');
like($browser->text, qr/sent you a mail/, 'a stranger signs up');
is($node->safe_psql('crm', 'SELECT count(*) FROM contact'), 1, 'and is not stored yet');
my $link = $portal->link_to('anna@example.it');
# A mail program that looks at links before the reader does.
$browser->get($link) for 1 .. 3;
is($node->safe_psql('crm', 'SELECT count(*) FROM contact'), 1, 'a link that is only looked at does nothing');
is($browser->count('script, img, link[rel=stylesheet]'), 0, 'the page loads nothing');
$browser->submit('button');
like($browser->text, qr/confirmed/, 'confirmed by the button');
is( $node->safe_psql('crm', q{SELECT name, gdpr.has_consent('contact', id::text, 'news') FROM contact WHERE email = 'anna@example.it'}),
	'Anna|t', 'stored, with consent');
is( $node->safe_psql('crm', q{SELECT kind, name, address FROM gdpr.provenance WHERE key = (SELECT id::text FROM contact WHERE email = 'anna@example.it')}),
	'webform|signup|127.0.0.1', 'and source');
like($node->safe_psql('crm', q{SELECT evidence ->> 'agent' FROM gdpr.consent}), qr/Chrome/, 'the browser is in the evidence');
$browser->get($link);
$browser->submit('button');
like($browser->text, qr/confirmed/, 'a second click is harmless');

# ---- The consent form -------------------------------------------------------

officer(q{SELECT gdpr.send_consent_form('yearly', 'contact', '1')});
$link = $portal->link_to('bruno@example.it');
$browser->get($link) for 1 .. 2;
is($browser->text('h1'), 'Possiamo, <img src=x onerror=document.title="owned"> {{email}}?', 'HTML in a name is text');
unlike($browser->js('return document.title'), qr/^owned/, 'and does not run');
is($browser->js('return document.documentElement.lang'), 'it', 'the page says its language');
is($browser->js('return performance.getEntriesByType("resource").length'), 0, 'the page loads nothing');
is($browser->count('input:checked'), 0, 'nothing is chosen beforehand');
is($browser->count('fieldset > legend'), 2, 'each purpose is a group with a heading');
is($browser->js('return [...document.querySelectorAll("input[type=radio]")].filter(i => i.labels.length == 1 && i.labels[0].innerText.trim()).length'),
	4, 'every choice has a label');
is($browser->js('return [...document.querySelectorAll("[tabindex], [autofocus]")].length'), 0, 'the order of the keyboard is that of the page');
ok($browser->js('return document.querySelectorAll("h1").length == 1 && !!document.querySelector("main")'), 'one heading, in main');
ok($browser->js(q{
	const light = c => { const v = c.match(/\d+/g).slice(0, 3).map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
		return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
	const contrast = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
	const button = getComputedStyle(document.querySelector("button")), body = getComputedStyle(document.body);
	return contrast(light(button.color), light(button.backgroundColor)) >= 4.5 && contrast(light(body.color), light(body.backgroundColor)) >= 4.5;
	} =~ s/\s+/ /gr), 'contrast as WCAG AA asks for');
$browser->submit('button');
like($browser->text, qr/could not be done/, 'nothing answered is no answer');
$browser->get($link);
$browser->click('input[name=news][value=yes]');
$browser->click('input[name=offers][value=no]');
$browser->submit('button');
like($browser->text, qr/answers are recorded/, 'answered');
is( $node->safe_psql('crm', q{SELECT gdpr.has_consent('contact', '1', 'news'), gdpr.has_consent('contact', '1', 'offers')}),
	't|f', 'yes is consent, no is none');
$browser->get($link);
like($browser->text, qr/not valid/, 'Attack: replay');

# ---- The portal -------------------------------------------------------------

officer(q{SELECT gdpr.send_portal_link('contact', '1')});
$link = $portal->link_to('bruno@example.it');
$browser->get($link);
unlike($browser->text, qr/bruno/, 'the link alone shows nothing');
$browser->submit('button');
like($browser->text('pre'), qr/"email": "bruno\@example.it"/, 'what is held');
is($browser->js('return document.title'), 'Your data', 'and nothing of it runs');
$browser->clear('input[name="column:name"]');
$browser->type('input[name="column:name"]', 'Bruno B.');
$browser->submit('button[value=rectify]');
like($browser->text('pre'), qr/Bruno B\./, 'corrected');
my $page = $link;
$browser->clear('input[name="column:email"]');
$browser->type('input[name="column:email"]', 'bruno@new.example');
$browser->submit('button[value=rectify]');
like($browser->text, qr/mail to your new address/, 'a new address is asked first');
is($node->safe_psql('crm', 'SELECT email FROM contact WHERE id = 1'), 'bruno@example.it', 'and not stored before');
$link = $portal->link_to('bruno@new.example');
$browser->get($link);
unlike($browser->text, qr/Bruno/, 'a link to a wrong address shows nothing of anybody');
$browser->submit('button');
like($browser->text, qr/corrected/, 'confirmed at the new address');
is($node->safe_psql('crm', 'SELECT email FROM contact WHERE id = 1'), 'bruno@new.example', 'it is stored');
like($portal->mail_to('bruno@example.it'), qr/replaced by another/, 'the old address hears of it');
$browser->get($link = $page);
$browser->submit('button');
is($browser->count('button[value="withdraw:news"]'), 1, 'a consent in force can be withdrawn');
is($node->safe_psql('crm', 'SELECT name FROM contact WHERE id = 1'), 'Bruno B.', 'in the table');
$browser->submit('button[value="withdraw:news"]');
is($browser->count('button[value="withdraw:news"]'), 0, 'withdrawn, and not to be withdrawn again');
is($node->safe_psql('crm', q{SELECT gdpr.has_consent('contact', '1', 'news')}), 'f', 'consent is withdrawn');
officer(q{SELECT FROM gdpr.forget('contact', '1', 'asked for it')});
$browser->get($link);
$browser->submit('button');
like($browser->text, qr/not valid/, 'the link goes with the person');

# ---- What is left behind ----------------------------------------------------

my @tokens = $portal->tokens;
my $log = slurp_file($node->logfile) . slurp_file($portal->{log});
is(scalar(@tokens), 4, 'four links were mailed');
is(scalar(grep { index($log, $_) >= 0 } @tokens), 0, 'no token is in a log');
my $tables = $node->safe_psql('crm', q{SELECT string_agg(t::text, '') FROM gdpr.token t}) . $node->safe_psql('crm', q{SELECT string_agg(t::text, '') FROM gdpr.outbox t});
is(scalar(grep { index($tables, $_) >= 0 } @tokens), 0, 'nor in a table');

$portal->stop;
done_testing();
