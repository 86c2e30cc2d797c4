-- Shipped texts; an upgrade brings them anew and leaves alone what an admin changed.
DELETE FROM gdpr.mail_template WHERE shipped AND name LIKE 'breach\_%';
INSERT INTO gdpr.mail_template (name, subject, body_text, shipped) VALUES
('breach_authority', 'Notification of a personal data breach (Art. 33 GDPR), our number {{breach}}',
'Controller: {{controller}}{{#controller_unknown}}not recorded yet{{/controller_unknown}}
{{contact}}
Data protection officer, or another contact point: {{protection_officer}}{{#protection_officer_unknown}}the controller, as above{{/protection_officer_unknown}}

The controller became aware of it at: {{aware_at}}
Period of the breach: {{period}}

Nature of the breach:
{{description}}

Categories of data concerned:
{{categories}}{{#categories_unknown}}not known yet{{/categories_unknown}}

Approximate number of people concerned: not known yet{{#subjects}}, at least {{subjects}} by the audit log{{/subjects}}
Approximate number of records concerned: not known yet{{#records}}, at least {{records}} by the audit log{{/records}}

Likely consequences:
{{consequences}}{{#consequences_unknown}}not known yet{{/consequences_unknown}}

Measures taken or proposed:
{{measures}}{{#measures_unknown}}none yet{{/measures_unknown}}
{{#delay_reason}}
Reasons for notifying later than 72 hours after becoming aware:
{{delay_reason}}
{{/delay_reason}}
What is not known yet follows in phases, without undue further delay (Art. 33(4) GDPR).
', true),
('breach_subject', 'A breach that concerns your personal data',
'Dear Sir or Madam,

a breach of the security of personal data concerns data of yours (Art. 34 GDPR). What happened:

{{description}}

What may follow from it:

{{consequences}}{{#consequences_unknown}}We do not know yet.{{/consequences_unknown}}

What we have done, and propose to do:

{{measures}}{{#measures_unknown}}We are working on it, and will tell you.{{/measures_unknown}}
{{#advice}}
What you can do yourself:

{{advice}}
{{/advice}}
Please turn to {{protection_officer}}{{#protection_officer_unknown}}us{{/protection_officer_unknown}} with any question.

{{controller}}
{{contact}}
', true);
