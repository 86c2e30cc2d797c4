-- Shipped texts; an upgrade brings them anew and leaves alone what an admin changed.
DELETE FROM gdpr.mail_template
 WHERE shipped AND name IN ('erased', 'rectified', 'restricted', 'unrestricted', 'restriction_lifted', 'objection_overruled',
                            'access', 'export', 'rectification');
INSERT INTO gdpr.mail_template (name, subject, body_text, shipped) VALUES
('erased', 'Erasure of personal data: {{reference}}',
'Dear Sir or Madam,

personal data that we disclosed to you has been erased on the request of the person, or because we had no ground to keep it.
You know the person by: {{reference}}

Please erase the data that you received from us, and every link to it and copy of it, unless the law obliges you to keep it
(Art. 17 and 19 GDPR).

{{controller}}
{{contact}}
', true),
('rectified', 'Rectification of personal data: {{reference}}',
'Dear Sir or Madam,

personal data that we disclosed to you has been rectified (Art. 16 and 19 GDPR).
You know the person by: {{reference}}

Please obtain the data from us anew, and do not use what you have until then.

{{controller}}
{{contact}}
', true),
('restricted', 'Restriction of processing: {{reference}}',
'Dear Sir or Madam,

the processing of personal data that we disclosed to you is restricted (Art. 18 and 19 GDPR).
You know the person by: {{reference}}

Until we tell you otherwise, please store the data and do nothing else with it.

{{controller}}
{{contact}}
', true),
('unrestricted', 'Restriction of processing lifted: {{reference}}',
'Dear Sir or Madam,

the restriction of processing of which we told you is lifted (Art. 18 and 19 GDPR).
You know the person by: {{reference}}

{{controller}}
{{contact}}
', true),
('restriction_lifted', 'The restriction of your data is lifted',
'Dear Sir or Madam,

at your request we had restricted the processing of your personal data. As the law wants you to know beforehand, we tell you
that this restriction is lifted (Art. 18(3) GDPR).

If you do not agree, please answer this mail. You may also complain to a supervisory authority{{#supervisory_authority}}, such
as {{supervisory_authority}}{{/supervisory_authority}}.

{{controller}}
{{contact}}
', true),
('objection_overruled', 'Your objection to the processing of your data',
'Dear Sir or Madam,

you objected to the processing of your personal data. We examined your objection and found compelling legitimate grounds for
this processing, which override your interests (Art. 21(1) GDPR). Please answer this mail if you want to know them.

You may complain to a supervisory authority{{#supervisory_authority}}, such as
{{supervisory_authority}}{{/supervisory_authority}}, and seek a judicial remedy.

{{controller}}
{{contact}}
', true),
('access', 'Your personal data',
'Dear Sir or Madam,

attached you find the personal data that we hold of you, and what the law wants you to be told with it: for what we use it, who
received it, how long we keep it, where it came from, and your rights (Art. 15 GDPR).
{{#link}}
You can also see it here:
{{link}}
{{/link}}
{{controller}}
{{contact}}
', true),
('export', 'Your personal data to take along',
'Dear Sir or Madam,

attached you find the personal data that you provided to us, in a form that machines read, to keep or to hand on
(Art. 20 GDPR).

{{controller}}
{{contact}}
', true),
('rectification', 'Is your personal data correct?',
'Dear Sir or Madam,

attached you find the personal data that we hold of you. Please look whether it is correct (Art. 16 GDPR).
{{#link}}
Here you can correct it:
{{link}}
{{/link}}
Or answer this mail and tell us what is wrong.

{{controller}}
{{contact}}
', true);
