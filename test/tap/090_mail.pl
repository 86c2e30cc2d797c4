# Mail over a real mail server: with TLS and a password; down, slow, deferring, rejecting.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Crm;
use MailServer;
use Session;
use MIME::Base64;
use Test::More;

my $secrets = PostgreSQL::Test::Utils::tempdir();

sub run_ok
{
	my (@command) = @_;
	my ($out, $err);
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err) or die "@command: $err";
	return $out;
}

# An authority of our own, and the certificate of a server on this machine.
run_ok('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
	'-addext', 'subjectAltName=DNS:localhost', '-keyout', "$secrets/key", '-out', "$secrets/cert");
append_to_file("$secrets/password", "correct horse\n");
chmod 0600, "$secrets/password";

my $node = Crm::start('mail', 'log_min_messages = debug1');
$node->safe_psql(
	'crm', q{
CREATE ROLE mailer LOGIN IN ROLE gdpr_mailer;
CREATE TABLE person (id int PRIMARY KEY, email text, second text, name text, allergies text);
CREATE TABLE visit (id int PRIMARY KEY, person_id int REFERENCES person, place text);
CREATE INDEX ON visit (person_id);
INSERT INTO person VALUES (1, 'mario.rossi@example.it', NULL, 'Mario {{second}} <b>"Rossi"</b>', 'nuts'),
    (2, 'doerte@beispiel.de', NULL, E'Dörte\r\nBcc: victim@example.it', NULL), (3, NULL, NULL, 'Nobody', NULL),
    (4, 'a@example.it', 'b@example.it', 'Twice', NULL), (5, 'r@example.it', NULL, 'Restricted', NULL);
INSERT INTO visit VALUES (1, 1, 'Rome'), (2, 1, 'Milan'), (3, 2, 'Berlin');
SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.second IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN person.allergies IS 'sensitive';
CALL gdpr.apply();
INSERT INTO gdpr.controller (name, contact) VALUES ('Shop & Söhne', 'privacy@shop.example');
INSERT INTO gdpr.mail_template (name, locale, subject, body_text, body_html) VALUES
    ('hello', '', 'Hello {{name}}', 'Dear {{name}}, you were in {{public.visit.place}}. {{wish}}', '<p title="{{name}}">{{name}}, {{wish}}</p>'),
    ('hello', 'de', 'Grüße an {{name}}', 'Hallo {{name}}', NULL),
    ('wrong', '', 'Hello', 'Dear {{nobody}}', NULL);
ALTER DATABASE crm SET gdpr.mail_from = 'Shop & Söhne <privacy@shop.example>';
ALTER DATABASE crm SET gdpr.mail_retry_delay = 0;
});

sub officer { my ($sql) = @_; return $node->safe_psql('crm', $sql, extra_params => [ '-U', 'officer' ]) }
sub setting
{
	my ($name, $value) = @_;
	return $node->safe_psql('postgres', "ALTER DATABASE crm SET gdpr.$name = " . ($value =~ /'/ ? $value : "'$value'"));
}
sub work { return officer(q{CALL gdpr.run_due_work('mail')}) }
sub outbox { my ($where) = @_; return officer("SELECT state, attempts, error FROM gdpr.outbox WHERE $where ORDER BY id") }
sub refused
{
	my ($role, $sql, $pattern, $what) = @_;
	my ($out, $err);
	isnt($node->psql('crm', $sql, stdout => \$out, stderr => \$err, extra_params => [ '-U', $role ]), 0, $what);
	return like($err, $pattern, $what);
}

# ---- What is in a mail ------------------------------------------------------

my $server = MailServer->new(keep => undef);
setting('smtp_url', "smtp://localhost:$server->{port}");

# A hostile name, and what is said in two languages.
officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "<i>{{allergies}}</i>"}')});
officer(q{SELECT gdpr.send_mail('hello', 'person', '2', '{"wish": "x", "locale": "de_AT"}')});
is(outbox('true'), "queued|0|\nqueued|0|", 'mails wait');
work();
is(outbox('true'), "sent|1|\nsent|1|", 'mails are sent');
is(officer('SELECT count(*) FROM gdpr.outbox WHERE sent_at IS NULL OR coalesce(address::text, reference::text, parameters::text) IS NOT NULL'),
	'0', 'and nothing of what they said is kept');

my $mail = $server->mail(1);
like($mail, qr/^To: mario\.rossi\@example\.it\r$/m, 'to the address of the person');
like($mail, qr/^From: =\?UTF-8\?B\?\S+\?= <privacy\@shop\.example>\r$/m, 'from the controller');
like($mail, qr/^Subject: Hello Mario \{\{second\}\} <b>"Rossi"<\/b>\r$/m, 'a subject');
like($mail, qr/you were in Rome, Milan\./, 'columns of the rows they own');
# Attack: a value is a merge field; a value is HTML.
$mail =~ s/=\r?\n//g;
like($mail, qr/<i>\{\{allergies\}\}<\/i>/, 'a value is not expanded');
unlike($mail, qr/nuts/, 'a value does not tell what is sensitive');
like($mail, qr/<p title=3D"Mario \{\{second\}\} &lt;b&gt;&quot;Rossi&quot;/, 'a value is escaped in HTML');
# Attack: a line break in a name adds a recipient.
$mail = $server->mail(2);
unlike((split /\r\n\r\n/, $mail)[0], qr/^Bcc/mi, 'no header is injected');
my @sent = $server->mails;
is_deeply($sent[1]{to}, ['doerte@beispiel.de'], 'nor a recipient');
is($sent[1]{subject}, "Gr\x{fc}\x{df}e an D\x{f6}rte  Bcc: victim\@example.it", 'the subject in the language asked for');
like($sent[0]{id}, qr/^<[0-9a-f-]{36}\@shop\.example>$/, 'a Message-ID of ours');
is($sent[0]{from}, 'privacy@shop.example', 'the sender of the envelope');
is(officer(q{SELECT operation, key FROM gdpr.audit_log WHERE operation IN ('send_mail', 'mail') ORDER BY at, key LIMIT 4}),
	"send_mail|1\nsend_mail|2\nmail|1\nmail|2", 'audited');

# ---- Access, export, rectification ------------------------------------------

officer(q{SELECT gdpr.send_access('person', '1')});
officer(q{UPDATE gdpr.controller SET name = 'Shop'; SELECT gdpr.send_export('person', '1', 'json')});
officer(q{SELECT gdpr.send_rectification('person', '5'); SELECT gdpr.restrict('person', '5', 'asked')});
$node->safe_psql('crm', q{UPDATE person SET name = 'Mario' WHERE id = 1});
work();
is(outbox('attachment IS NOT NULL'), "sent|1|\nsent|1|\nsent|1|", 'answers are sent');
$mail = $server->mail(3);
like($mail, qr/filename="public\.person\.csv"/, 'access has the data as CSV');
like($mail, qr/filename="particulars\.json"/, 'and what is told with it');
my ($csv) = $mail =~ /filename="public\.person\.csv"\r\n\r\n(.*?)\r\n--/s;

is(MIME::Base64::decode_base64($csv), "id,email,second,name,allergies\r\n1,mario.rossi\@example.it,,Mario,nuts\r\n",
	'as they are when the mail is sent');
$mail = $server->mail(4);
like($mail, qr/filename="public\.visit\.json"/, 'export in another format');
unlike($mail, qr/particulars/, 'without what access tells');
$mail = $server->mail(5);
like($mail, qr/Is your personal data correct/, 'rectification');
like($mail, qr/public\.person\.csv/, 'also of a restricted person');

# Sealed for the person.
my $home = PostgreSQL::Test::Utils::tempdir_short();
chmod 0700, $home;
append_to_file("$home/parameters", join("\n", '%no-protection', 'Key-Type: RSA', 'Key-Length: 2048', 'Subkey-Type: RSA',
	'Subkey-Length: 2048', 'Name-Email: mario', 'Expire-Date: 0', '%commit', ''));
run_ok('gpg', '--homedir', $home, '--batch', '--quiet', '--no-tty', '--gen-key', "$home/parameters");
my $key = run_ok('gpg', '--homedir', $home, '--armor', '--export', 'mario');
officer("SELECT gdpr.send_access('person', '1', \$key\$$key\$key\$)");
work();
$mail = $server->mail(6);
like($mail, qr/filename="public\.person\.csv\.pgp"/, 'a sealed file');
my ($pgp) = $mail =~ /filename="public\.person\.csv\.pgp"\r\n\r\n(.*?)\r\n--/s;
append_to_file("$home/file.pgp", MIME::Base64::decode_base64($pgp));
like(run_ok('gpg', '--homedir', $home, '--batch', '--quiet', '--decrypt', "$home/file.pgp"), qr/mario\.rossi\@example\.it/,
	'which they can open');
system('gpgconf', '--homedir', $home, '--kill', 'all');
refused('officer', q{SELECT gdpr.send_access('person', '1', 'no key')}, qr/key/, 'what is no key is refused at once');

refused('officer', q{SELECT gdpr.send_access('person', '3')}, qr/the person has no e-mail address/, 'no address');
refused('officer', q{SELECT gdpr.send_access('person', '4')}, qr/the person has several e-mail addresses/, 'unclear address');
refused('officer', q{SELECT gdpr.send_access('person', '9')}, qr/no such person/, 'nobody');
refused('officer', q{SELECT gdpr.send_export('person', '1', 'exe')}, qr/nothing of this kind/, 'no such format');
refused('officer', q{SELECT gdpr.send_mail('nothing', 'person', '1')}, qr/no mail template/, 'no such template');
# Attack: a role without rights queues mail, to learn of somebody.
refused('app', qq{SELECT gdpr.$_('person', '1')}, qr/permission denied/, "$_ needs an officer")
  foreach ('send_access', 'send_export', 'send_rectification');
refused('app', q{SELECT gdpr.send_mail('hello', 'person', '1')}, qr/permission denied/, 'send_mail needs an officer');
refused('app', q{SELECT * FROM gdpr.take_mail()}, qr/permission denied/, 'take_mail is not for everyone');
refused('officer', q{SELECT * FROM gdpr.take_mail()}, qr/permission denied/, 'nor for officers, who would see links');
# Attack: an officer sends the mails elsewhere.
refused('officer', qq{SET gdpr.$_ = 'smtp://attacker.example'}, qr/permission denied/, "an officer does not set $_")
  foreach ('smtp_url', 'public_url', 'mail_from', 'smtp_password_file', 'smtp_ca_file', 'smtp_tls');

# A person who is forgotten gets no mail any more; whoever received their data does.
officer(q{SELECT gdpr.send_mail('hello', 'person', '2', '{"wish": "late"}');
SELECT gdpr.record_disclosure('person', '2', 'Letter shop', address => 'desk@letters.example', reference => 'customer 7');
SELECT count(*) FROM gdpr.forget('person', '2', 'request')});
work();
@sent = $server->mails;
is($sent[-1]{to}[0], 'desk@letters.example', 'the recipient of an erased person is told');
is($sent[-1]{subject}, 'Erasure of personal data: customer 7', 'of whom, in their own words');
is(scalar(grep { $_->{to}[0] eq 'doerte@beispiel.de' } @sent), 1, 'the person is not written to');
# Attack: a mail to a recipient shows the person's row.
$node->safe_psql('crm', q{INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('restricted', 'x', '{{name}}')});
officer(q{SELECT gdpr.record_disclosure('person', '1', 'Letter shop', address => 'desk@letters.example');
SELECT gdpr.restrict('person', '1', 'asked')});
work();
is(outbox(q{template = 'restricted' AND reference IS NULL AND state = 'dead'}), 'dead|1|template: there is no merge field "name"',
	'a recipient is not shown the person');
officer(q{SELECT gdpr.unrestrict('person', '1', 'done')});
work();

# A template that asks for what is not there; mended, the mail goes.
officer(q{SELECT gdpr.send_mail('wrong', 'person', '1')});
work();
is(outbox(q{template = 'wrong'}), 'dead|1|template: there is no merge field "nobody"', 'a wrong template');
$node->safe_psql('crm', q{UPDATE gdpr.mail_template SET body_text = 'Dear {{name}}' WHERE name = 'wrong'});
officer(q{SELECT gdpr.requeue_mail(id) FROM gdpr.outbox WHERE template = 'wrong'});
work();
is(outbox(q{template = 'wrong'}), 'sent|1|', 'a mended template');

# What the channel export does not see, no mail says.
$node->safe_psql('crm', q{
INSERT INTO gdpr.mail_template (name, subject, body_text) VALUES ('gated', 'x', 'You: [{{name}}] [{{allergies}}] [{{second}}]'),
    ('denied', 'x', '{{public.visit.place}}');
SELECT gdpr.gate('sensitive', 'export', 'hide'), gdpr.gate('person', 'name', 'export', 'mask'), gdpr.gate('visit', 'place', 'export', 'deny')});
officer(qq{SELECT gdpr.send_mail('$_', 'person', '1')}) foreach ('gated', 'denied');
work();
is(outbox(q{template IN ('gated', 'denied')}), "sent|1|\ndead|1|template: there is no merge field \"public.visit.place\"", 'gates');
like($server->mail(scalar($server->mails)), qr/^You: \[\*+\] \[\] \[\]/m, 'hide what is hidden, mask what is masked');
$node->safe_psql('crm', q{
SELECT gdpr.gate('sensitive', 'export', 'show'), gdpr.gate('person', 'name', 'export', 'show'), gdpr.gate('visit', 'place', 'export', 'show')});

# ---- What is not set up ----------------------------------------------------------

setting('mail_from', '');
my $unset = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
work();
is(outbox("id = $unset"), 'queued|0|', 'without a sender nothing is tried');
is(officer(q{SELECT error FROM gdpr.due_work WHERE job = 'mail'}), 'gdpr.mail_from is not set', 'and due_work says why');
refused('mailer', q{SELECT * FROM gdpr.take_mail()}, qr/gdpr\.mail_from is not set/, 'as does take_mail');
setting('mail_from', 'Shop & Söhne <privacy@shop.example>');
work();
is(outbox("id = $unset"), 'sent|1|', 'with one it goes');
refused('officer', q{SELECT gdpr.send_portal_link('person', '1')}, qr/there is no page that links could lead to/, 'no link without a page');

# ---- A server in trouble ------------------------------------------------------

sub hello
{
	my $id = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
	work();
	return "id = $id";
}

$server->mode('reject 550');
my $where = hello();
is(outbox($where), 'dead|1|rejected 550', 'a permanent answer ends it');
refused('officer', q{SELECT gdpr.requeue_mail(0)}, qr/no such dead mail/, 'no such mail to queue again');
$server->mode('data 554');
is(outbox(hello()), 'dead|1|rejected 554', 'also one to the mail itself');

$server->mode('defer 450');
setting('mail_attempts', 3);
$where = hello();
is(outbox($where), 'dead|3|deferred 450', 'a temporary one is tried again, so many times');
setting('mail_attempts', 10);
$server->mode('grey');
$where = hello();
is(outbox($where), 'sent|2|', 'greylisting');
$server->mode('drop');
setting('mail_attempts', 2);
is(outbox(hello()), 'dead|2|the connection broke', 'a connection that breaks');
setting('mail_attempts', 10);

# The time between attempts.
setting('mail_retry_delay', 100);
$server->mode('defer 451');
$where = hello();
is(officer("SELECT state, next_attempt - now() BETWEEN '60 s' AND '130 s' FROM gdpr.outbox WHERE $where"), 'queued|t', 'waits a while');
officer("SELECT 1");
$node->safe_psql('crm', "UPDATE gdpr.outbox SET next_attempt = now(), attempts = 3 WHERE $where");
work();
is(officer("SELECT state, next_attempt - now() BETWEEN '590 s' AND '1010 s' FROM gdpr.outbox WHERE $where"), 'queued|t', 'longer each time');
setting('mail_retry_delay', 0);
$server->mode('ok');
$node->safe_psql('crm', "UPDATE gdpr.outbox SET next_attempt = now() WHERE $where");
work();
is(outbox($where), 'sent|5|', 'and then goes');

# One mail a minute to a domain.
setting('mail_domain_rate', 1);
officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}') FROM generate_series(1, 3)});
work();
is(officer(q{SELECT string_agg(round(extract(epoch FROM next_attempt - now()) / 60)::text, ' ' ORDER BY id) FROM gdpr.outbox WHERE state = 'queued'}),
	'1 2', 'a domain is not flooded');
setting('mail_domain_rate', 0);
$node->safe_psql('crm', "UPDATE gdpr.outbox SET next_attempt = now()");
work();
is(outbox(q{state <> 'sent' AND state <> 'dead'}), '', 'nothing is left');

# Slow: waits no longer than it is told, and does not hold a snapshot meanwhile.
$server->mode('stall');
setting('mail_timeout', 2);
setting('mail_attempts', 1);
my $id = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
my $session = Session->new($node, 'crm', 'user=officer application_name=cron');
$session->send(q{CALL gdpr.run_due_work('mail')});
$node->poll_query_until('crm', "SELECT state = 'sending' AND attempts = 1 FROM gdpr.outbox WHERE id = $id") or die;
is($node->safe_psql('crm', q{SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE application_name = 'cron'}),
	't', 'while it waits for the server it holds no snapshot');
like(officer(q{SELECT 1; CALL gdpr.run_due_work()}), qr/1/, 'another does nothing meanwhile');
$node->poll_query_until('crm', "SELECT state = 'dead' FROM gdpr.outbox WHERE id = $id") or die;
is(outbox("id = $id"), 'dead|1|timeout', 'a server that does not answer');
setting('mail_timeout', 60);
setting('mail_attempts', 10);
# It can be cancelled.
$id = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
$session->quit;
$session = Session->new($node, 'crm', 'user=officer application_name=cron');
$session->send(q{CALL gdpr.run_due_work('mail')});
$node->poll_query_until('crm', "SELECT state = 'sending' AND attempts = 1 FROM gdpr.outbox WHERE id = $id") or die;
$node->safe_psql('crm', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'cron'});
$node->poll_query_until('crm', q{SELECT state = 'idle' FROM pg_stat_activity WHERE application_name = 'cron'}) or die;
is(outbox("id = $id"), 'sending|1|', 'a cancelled send');
$session->quit;
$server->mode('ok');
work();
is(outbox("id = $id"), 'sent|2|', 'is sent by the next run');

# Attack: forgotten while their mail is on its way, the person comes back in the log.
$server->mode('slow 3');
$node->safe_psql('crm', q{INSERT INTO person VALUES (6, 'six@example.it')});
$id = officer(q{SELECT gdpr.send_mail('hello', 'person', '6', '{"wish": "x"}')});
$session = Session->new($node, 'crm', 'user=officer application_name=cron');
$session->send(q{CALL gdpr.run_due_work('mail')});
$node->poll_query_until('crm', "SELECT state = 'sending' AND attempts = 1 FROM gdpr.outbox WHERE id = $id") or die;
officer(q{SELECT count(*) FROM gdpr.forget('person', '6', 'request')});
$node->poll_query_until('crm', q{SELECT state = 'idle' FROM pg_stat_activity WHERE application_name = 'cron'}) or die;
$session->quit;
is(officer("SELECT count(*) FROM gdpr.outbox WHERE id = $id"), '0', 'a person forgotten while their mail is on its way');
is(officer(q{SELECT count(*) FROM gdpr.audit_log WHERE key = '6'}), '0', 'is not in the log again');
is(officer(q{SELECT count(*) FROM gdpr.verify_forgotten('person', '6')}), '0', 'nor elsewhere');
$server->mode('ok');

# Down: no mail is the worse for it, and the trouble is told.
$server->stop;
$id = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
work();
is(outbox("id = $id"), 'queued|0|no connection to the mail server', 'a server that is down counts for no mail');
is(officer(q{SELECT error FROM gdpr.due_work WHERE job = 'mail'}), 'no connection to the mail server', 'due_work tells it');
$server->start;
work();
is(outbox("id = $id"), 'sent|1|', 'up again');
is(officer(q{SELECT error IS NULL, failures > 0, duration IS NOT NULL FROM gdpr.due_work WHERE job = 'mail'}), 't|t|t', 'due_work is content');

# ---- TLS and passwords ----------------------------------------------------------

$server->stop;
$server = MailServer->new(tls => 'starttls', cert => "$secrets/cert", key => "$secrets/key", user => 'shop', password => 'correct horse');
setting('smtp_url', "smtp://localhost:$server->{port}");
setting('smtp_tls', 'require');
# Attack: somebody else's certificate.
$where = hello();
is(outbox($where), "queued|0|the mail server's certificate is not trusted", 'a certificate that nobody vouches for');
setting('smtp_ca_file', "$secrets/cert");
work();
is(outbox($where), 'queued|0|the mail server is not available 530', 'a server that wants to know who it is');
setting('smtp_user', 'shop');
setting('smtp_password_file', "$secrets/password");
work();
is(outbox($where), 'sent|1|', 'STARTTLS, with user and password');
@sent = $server->mails;
ok($sent[-1]{tls}, 'encrypted');
is($sent[-1]{user}, 'shop', 'as that user');
chmod 0640, "$secrets/password";
$where = hello();
like(officer(q{SELECT error FROM gdpr.due_work WHERE job = 'mail'}), qr/could not use the file/, 'a password that others can read');
chmod 0600, "$secrets/password";
append_to_file("$secrets/wrong", "wrong battery");
chmod 0600, "$secrets/wrong";
setting('smtp_password_file', "$secrets/wrong");
work();
is(outbox($where), 'queued|0|the mail server does not know user or password', 'a wrong password');
setting('smtp_password_file', "$secrets/password");
# Attack: a certificate for another name.
setting('smtp_url', "smtp://127.0.0.1:$server->{port}");
work();
is(outbox($where), "queued|0|the mail server's certificate is not trusted", 'a certificate for another name');
$server->stop;

$server = MailServer->new(tls => 'smtps', cert => "$secrets/cert", key => "$secrets/key");
setting('smtp_url', "smtps://localhost:$server->{port}");
setting('smtp_user', '');
work();
is(outbox($where), 'sent|1|', 'TLS from the start');
$server->stop;

# Attack: a server that strips TLS.
$server = MailServer->new;
setting('smtp_url', "smtp://localhost:$server->{port}");
$where = hello();
is(outbox($where), 'queued|0|the mail server offers no TLS', 'no mail goes in the clear');
setting('smtp_tls', 'auto');
work();
is(outbox($where), 'sent|1|', 'but to this machine itself');

# ---- Those who send by their own means ---------------------------------------------

setting('smtp_url', '');
$id = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
work();
is(outbox("id = $id"), 'queued|0|', 'no server, no sending');
sub mailer { my ($sql) = @_; return $node->safe_psql('crm', $sql, extra_params => [ '-U', 'mailer' ]) }
is(mailer(q{SELECT id, sender, address, position('To: mario.rossi@example.it' IN convert_from(message, 'UTF8')) > 0 FROM gdpr.take_mail()}),
	"$id|privacy\@shop.example|mario.rossi\@example.it|t", 'a mail to send');
is(mailer(q{SELECT count(*) FROM gdpr.take_mail()}), '0', 'it is given out once');
refused('mailer', "SELECT gdpr.acknowledge_mail($id, 302)", qr/not the answer/, 'no such answer');
mailer("SELECT gdpr.acknowledge_mail($id, 451)");
is(outbox("id = $id"), 'queued|1|deferred 451', 'deferred');
mailer('SELECT count(*) FROM gdpr.take_mail()');
mailer("SELECT gdpr.acknowledge_mail($id)");
is(outbox("id = $id"), 'sent|2|', 'sent');
refused('mailer', "SELECT gdpr.acknowledge_mail($id)", qr/no such mail was taken/, 'acknowledged once');
# One that was taken and never acknowledged is given out again.
$id = officer(q{SELECT gdpr.send_mail('hello', 'person', '1', '{"wish": "x"}')});
mailer('SELECT count(*) FROM gdpr.take_mail()');
$node->safe_psql('crm', "UPDATE gdpr.outbox SET next_attempt = now() WHERE id = $id");
is(mailer('SELECT count(*) FROM gdpr.take_mail()'), '1', 'not acknowledged, given out again');
mailer("SELECT gdpr.acknowledge_mail($id)");

# ---- Nothing of it in the logs --------------------------------------------------------

my $log = slurp_file($node->logfile);
# Attack: secrets and people are looked for in the logs.
unlike($log, qr/\Q$_\E/, "the log does not know $_") foreach ('correct horse', 'wrong battery', 'mario.rossi', 'Rossi', 'nuts', 'Dear ');

done_testing();
