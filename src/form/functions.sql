CREATE OR REPLACE FUNCTION gdpr.send_consent_form(form text, subject_table regclass, key text, locale text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_send_consent_form' LANGUAGE C;
COMMENT ON FUNCTION gdpr.send_consent_form(text, regclass, text, text) IS
    'Asks a person for consent by mail (Art. 7): the form of gdpr.consent_form, subject table, primary key, and the locale '
    'where the form is there in several. Returns the number in gdpr.consent_request; the link is in the mail and nowhere '
    'else. Raises where there is no such form or person, where they have no mail address or several, where there is no '
    'page for links, where the form asks for nothing, and where a purpose is missing or has another basis than consent. '
    'Needs gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.send_consent_form(text, regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.send_consent_form(text, regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.render_consent_form(token text) RETURNS text
    AS 'MODULE_PATHNAME', 'gdpr_render_consent_form' LANGUAGE C STRICT;
COMMENT ON FUNCTION gdpr.render_consent_form(text) IS
    'The consent form behind the link in a mail, as one HTML document that loads nothing and posts back to its own address: '
    'token, and yes or no by purpose. Looking at it spends nothing. Raises invalid_authorization_specification for '
    'whatever is wrong with the token. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.render_consent_form(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.render_consent_form(text) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.answer_consent_form(token text, answers jsonb, address inet DEFAULT NULL,
                                                    agent text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_answer_consent_form' LANGUAGE C;
COMMENT ON FUNCTION gdpr.answer_consent_form(text, jsonb, inet, text) IS
    'Takes a person''s answers to a consent form (Art. 7): the token of the link, {"purpose": true or false, ...} ("yes" and '
    '"no" will do), network address and browser. Consent is given for what was answered yes, withdrawn for what was '
    'answered no, with wording, version, hash, locale, form, address and agent as evidence; what was left out stays as it '
    'is. Returns how many answers it took; the token is spent then. Raises invalid_authorization_specification for whatever '
    'is wrong with the token, invalid_parameter_value for what is no answer to the form, which spends nothing. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.answer_consent_form(text, jsonb, inet, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.answer_consent_form(text, jsonb, inet, text) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.optin_submit(form text, payload jsonb, address inet DEFAULT NULL, agent text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_optin_submit' LANGUAGE C;
COMMENT ON FUNCTION gdpr.optin_submit(text, jsonb, inet, text) IS
    'Takes what a stranger filled in, holds it encrypted outside the target, and mails the address for confirmation: the '
    'form of gdpr.optin_form, {"column": value, ...} ("purposes": [...] chooses among those of the form), network address '
    'and browser. Returns a number, the same way for whoever is new, known or forgotten: the mail alone differs. Raises '
    'undefined_object where there is no such form; invalid_parameter_value for a column that the form does not take, a value '
    'that the table would not, and what is no e-mail address; program_limit_exceeded for too large a payload; '
    'configuration_limit_exceeded for too many submissions of one network address; config_file_error where there is no page '
    'for links. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.optin_submit(text, jsonb, inet, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.optin_submit(text, jsonb, inet, text) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.optin_confirm(token text, address inet DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'gdpr_optin_confirm' LANGUAGE C;
COMMENT ON FUNCTION gdpr.optin_confirm(text, inet) IS
    'Confirms a submission by the token of the mail, with the network address: stores the person as the table''s owner, with '
    'webform as source, and their consent with both steps as evidence (Art. 7(1)); a block of their address is lifted. '
    'Returns the person''s key. Of somebody who was stored already nothing changes but their consent; a second click does '
    'nothing and returns the same. Raises invalid_authorization_specification for whatever is wrong with the token, and '
    'integrity_constraint_violation, with nothing done, where the table refuses the row. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.optin_confirm(text, inet) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.optin_confirm(text, inet) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.send_portal_link(subject_table regclass, key text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_send_portal_link' LANGUAGE C;
COMMENT ON FUNCTION gdpr.send_portal_link(regclass, text) IS
    'Mails a person a link to the portal, where they see, correct and withdraw by themselves for 24 hours (Art. 12(2)): '
    'subject table, primary key. Returns the number in gdpr.outbox. Raises as send_mail() does, and where there is no '
    'page for links. Needs gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.send_portal_link(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.send_portal_link(regclass, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.self_access(token text) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'gdpr_self_access' LANGUAGE C;
COMMENT ON FUNCTION gdpr.self_access(text) IS
    'What gdpr.access() tells, to the person who was mailed this token (Art. 15). Raises as that does, and '
    'invalid_authorization_specification for whatever is wrong with the token. Audited. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.self_access(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.self_access(text) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.self_rectify(token text, changes jsonb) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_self_rectify' LANGUAGE C;
COMMENT ON FUNCTION gdpr.self_rectify(text, jsonb) IS
    'What gdpr.rectify() does, by the person who was mailed this token and to what is labelled personal or sensitive and not '
    'derived (Art. 16); returns how many rows were changed. Where the changes bring a new mail address, null: nothing is '
    'changed before gdpr.self_confirm() by the link that is mailed to it. An address that is theirs no more gets a mail that '
    'says so. Raises as gdpr.rectify() does, insufficient_privilege for another column, integrity_constraint_violation where '
    'the table refuses the row, invalid_parameter_value where a mail address would become something else, '
    'configuration_limit_exceeded at the fourth new address of a day, and '
    'invalid_authorization_specification for whatever is wrong with the token. Audited. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.self_rectify(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.self_rectify(text, jsonb) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.self_confirm(token text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_self_confirm' LANGUAGE C;
COMMENT ON FUNCTION gdpr.self_confirm(text) IS
    'Makes the changes of gdpr.self_rectify() that brought the mail address to which this token was mailed (Art. 16); returns '
    'how many rows were changed. Raises as that does. Once, within 24 hours. Audited. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.self_confirm(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.self_confirm(text) TO gdpr_web;

CREATE OR REPLACE FUNCTION gdpr.self_withdraw(token text, purpose text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_self_withdraw' LANGUAGE C;
COMMENT ON FUNCTION gdpr.self_withdraw(text, text) IS
    'Withdraws a consent of the person who was mailed this token (Art. 7(3)); returns the number of the event, null where none '
    'was in force. Raises where there is no such purpose, and invalid_authorization_specification for whatever is wrong with '
    'the token. Audited. For gdpr_web.';
REVOKE ALL ON FUNCTION gdpr.self_withdraw(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.self_withdraw(text, text) TO gdpr_web;

-- Shipped texts; an upgrade brings them anew and leaves alone what an admin changed.
DELETE FROM gdpr.mail_template
 WHERE shipped AND name IN ('consent_form', 'consent_form_reminder', 'optin', 'optin_known', 'optin_forgotten', 'portal',
                            'confirm_address', 'address_changed');
INSERT INTO gdpr.mail_template (name, subject, body_text, shipped) VALUES
('consent_form', 'May we use your data?',
'Dear Sir or Madam,

we would like to ask for your consent. Here you find what for, and can answer each question by itself:
{{link}}

You are free to answer or not, and can withdraw what you agreed to at any time.

{{controller}}
{{contact}}
', true),
('consent_form_reminder', 'Reminder: may we use your data?',
'Dear Sir or Madam,

some days ago we asked for your consent and have no answer yet. This link opens the form:
{{link}}

{{controller}}
{{contact}}
', true),
('optin', 'Please confirm your address',
'Dear Sir or Madam,

this address was entered in one of our forms. If that was you, please confirm it here:
{{link}}

If it was not, do nothing: what was entered is then deleted.

{{controller}}
{{contact}}
', true),
('optin_known', 'Please confirm what you entered',
'Dear Sir or Madam,

this address was entered in one of our forms, and we know you already. If that was you, please confirm here what you agreed to:
{{link}}

Your other data stays as it is. If it was not you, do nothing.

{{controller}}
{{contact}}
', true),
('optin_forgotten', 'Please confirm your address',
'Dear Sir or Madam,

this address was entered in one of our forms. Its owner had asked us to be forgotten, and we keep nothing of them. If you entered
it and want us to store what you entered, please confirm it here:
{{link}}

If it was not you, do nothing: what was entered is then deleted.

{{controller}}
{{contact}}
', true),
('portal', 'Your personal data',
'Dear Sir or Madam,

here you can see and correct the personal data that we hold of you, and withdraw consent, for 24 hours:
{{link}}

{{controller}}
{{contact}}
', true),
('confirm_address', 'Please confirm your new address',
'Dear Sir or Madam,

somebody whose personal data we hold wants us to write to this address from now on. If that was you, please confirm it here,
within 24 hours:
{{link}}

If it was not, do nothing: then nothing is changed.

{{controller}}
{{contact}}
', true),
('address_changed', 'We do not write to this address any more',
'Dear Sir or Madam,

by a link that we had mailed to you this address was replaced by another, or taken away. If that was not you, please answer
this mail at once.

{{controller}}
{{contact}}
', true);
