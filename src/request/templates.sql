-- Shipped texts; an upgrade brings them anew and leaves alone what an admin changed.
DELETE FROM gdpr.mail_template WHERE shipped AND name LIKE 'request\_%';
INSERT INTO gdpr.mail_template (name, subject, body_text, shipped) VALUES
('request_received', 'Your request {{request}}',
'Dear Sir or Madam,

we received your request on {{received}} and gave it the number {{request}}. You will have our answer by {{due}}.

{{controller}}
{{contact}}
', true),
('request_identity', 'Your request {{request}}: a question',
'Dear Sir or Madam,

before we can answer your request {{request}} of {{received}} we must be sure who asks (Art. 12(6) GDPR):

{{question}}

Until we have your answer the time for ours does not run.

{{controller}}
{{contact}}
', true),
('request_clarification', 'Your request {{request}}: a question',
'Dear Sir or Madam,

to answer your request {{request}} of {{received}} we need to know more exactly what you ask for:

{{question}}

Until we have your answer the time for ours does not run.

{{controller}}
{{contact}}
', true),
('request_extended', 'Your request {{request}} takes longer',
'Dear Sir or Madam,

we cannot answer your request {{request}} of {{received}} within one month. You will have our answer by {{due}} (Art. 12(3) GDPR).
The reason is:

{{reason}}

{{controller}}
{{contact}}
', true),
('request_refused', 'Your request {{request}}',
'Dear Sir or Madam,

we do not take action on your request {{request}} of {{received}} (Art. 12(4) GDPR). The reason is:

{{reason}}

You may complain to a supervisory authority{{#supervisory_authority}}, such as
{{supervisory_authority}}{{/supervisory_authority}}, and seek a judicial remedy.

{{controller}}
{{contact}}
', true),
('request_fulfilled', 'Your request {{request}}',
'Dear Sir or Madam,

we did what you asked for by your request {{request}} of {{received}}.

{{controller}}
{{contact}}
', true),
('request_recipients', 'Your request {{request}}: who received your data',
'Dear Sir or Madam,

you asked on {{received}} who received your personal data from us (Art. 19 GDPR).
{{#recipients}}
They are:

{{recipients}}
{{/recipients}}
{{#no_recipients}}
Nobody did, as far as we recorded it.
{{/no_recipients}}

{{controller}}
{{contact}}
', true),
('request_due', 'Request {{request}} is due on {{due}}',
'Request {{request}} ({{kind}}) is to be answered by {{due}}; days left: {{days_left}}.

See gdpr.request_queue.
', true);
