-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.open_breach(description text, aware_at timestamptz, period tstzrange, suspect name DEFAULT NULL,
                                            address inet DEFAULT NULL, relations regclass[] DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_open_breach' LANGUAGE C;
COMMENT ON FUNCTION gdpr.open_breach(text, timestamptz, tstzrange, name, inet, regclass[]) IS
    'Records a breach of personal data: its nature, in words that name nobody; when the controller became aware of it, from '
    'which the 72 hours run; the period in which data was in the wrong hands, open where that is not known; where they are '
    'known the role by which it happened, the network address or network it came from, and the relations that were reached. '
    'Returns its number. Raises where the period is empty or begins after awareness, and where awareness lies in the '
    'future; for gdpr_officer (Art. 33).';
REVOKE ALL ON FUNCTION gdpr.open_breach(text, timestamptz, tstzrange, name, inet, regclass[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.open_breach(text, timestamptz, tstzrange, name, inet, regclass[]) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.amend_breach(id bigint, description text DEFAULT NULL, period tstzrange DEFAULT NULL,
                                             consequences text DEFAULT NULL, measures text DEFAULT NULL, advice text DEFAULT NULL,
                                             suspect name DEFAULT NULL, address inet DEFAULT NULL,
                                             relations regclass[] DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_amend_breach' LANGUAGE C;
COMMENT ON FUNCTION gdpr.amend_breach(bigint, text, tstzrange, text, text, text, name, inet, regclass[]) IS
    'Puts down what became known later of an open breach: likely consequences, measures, advice to the people concerned, '
    'and what gdpr.open_breach() takes, but for when the controller became aware. Null leaves what is there; what was there '
    'is kept in gdpr.breach_event. Raises as gdpr.open_breach() does; for gdpr_officer (Art. 33(3), 33(4)).';
REVOKE ALL ON FUNCTION gdpr.amend_breach(bigint, text, tstzrange, text, text, text, name, inet, regclass[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.amend_breach(bigint, text, tstzrange, text, text, text, name, inet, regclass[]) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.assess_breach(id bigint, risk text, assessment text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_assess_breach' LANGUAGE C;
COMMENT ON FUNCTION gdpr.assess_breach(bigint, text, text) IS
    'Assesses the risk of a breach to the people concerned: unlikely, risk (the authority is notified) or high (they are '
    'told, too); and how that was found. May be done again. Raises for another risk, without an assessment, and where the '
    'breach is closed; for gdpr_officer (Art. 33(1), 34(1)).';
REVOKE ALL ON FUNCTION gdpr.assess_breach(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.assess_breach(bigint, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.breach_scope(id bigint)
    RETURNS TABLE (relation regclass, categories text[], subjects text, subjects_logged bigint, records text,
                   records_logged bigint) AS 'MODULE_PATHNAME', 'gdpr_breach_scope' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.breach_scope(bigint) IS
    'What a breach may have reached: for each relation with people''s data, and with a null relation for all of them '
    'together, the labelled columns, and how many people and records the audit log knows of in the period of the breach, by '
    'its suspect, address and relations where it has some; null where changes are not recorded. How many subjects and records '
    'were concerned is unknown, since reads are not recorded: the numbers are the least that it can be. Raises where there is '
    'no such breach; for gdpr_officer and gdpr_auditor (Art. 33(3)(a)).';
REVOKE ALL ON FUNCTION gdpr.breach_scope(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.breach_scope(bigint) TO gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.breach_letter(id bigint, recipient text, locale text DEFAULT '')
    RETURNS text AS 'MODULE_PATHNAME', 'gdpr_breach_letter' LANGUAGE C;
COMMENT ON FUNCTION gdpr.breach_letter(bigint, text, text) IS
    'What is to be written about a breach, subject and body: to the authority (Art. 33(3)) or to the subjects (Art. 34(2)), '
    'by the template breach_authority or breach_subject of gdpr.mail_template. What is not known yet is stated as such. '
    'Raises where there is no such breach, recipient or merge field; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.breach_letter(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.breach_letter(bigint, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.record_authority_notice(id bigint, at timestamptz DEFAULT now(), reference text DEFAULT NULL,
                                                        delay_reason text DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_record_authority_notice' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_authority_notice(bigint, timestamptz, text, text) IS
    'Records when the supervisory authority was notified of a breach, its reference, and the reasons for the delay where '
    'that was more than 72 hours after awareness: it raises without them, a second time, and where it was before awareness '
    'or is in the future; for gdpr_officer (Art. 33(1)).';
REVOKE ALL ON FUNCTION gdpr.record_authority_notice(bigint, timestamptz, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.record_authority_notice(bigint, timestamptz, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.tell_breach_subjects(id bigint, everyone boolean DEFAULT false)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_tell_breach_subjects' LANGUAGE C;
COMMENT ON FUNCTION gdpr.tell_breach_subjects(bigint, boolean) IS
    'Queues a mail by the template breach_subject to whoever the audit log knows of in the scope of a breach, or to '
    'everyone of every subject table, which is right where it is not known who was read. Nobody is told twice, however '
    'often it is called. Returns how many mails it queued. Raises where the breach is closed; for gdpr_officer (Art. '
    '34(1)).';
REVOKE ALL ON FUNCTION gdpr.tell_breach_subjects(bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.tell_breach_subjects(bigint, boolean) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.waive_subject_notice(id bigint, reason text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_waive_subject_notice' LANGUAGE C;
COMMENT ON FUNCTION gdpr.waive_subject_notice(bigint, text) IS
    'Records why the people concerned by a breach are not told one by one: the data is unintelligible, the risk is averted, '
    'or a public communication takes its place. Raises without a reason and where the breach is closed; for gdpr_officer '
    '(Art. 34(3)).';
REVOKE ALL ON FUNCTION gdpr.waive_subject_notice(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.waive_subject_notice(bigint, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.close_breach(id bigint, note text DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_close_breach' LANGUAGE C;
COMMENT ON FUNCTION gdpr.close_breach(bigint, text) IS
    'Closes a breach; it stays in gdpr.breach_register. Raises where its risk was not assessed, and where the authority or, '
    'of a high risk, the people concerned were not told; for gdpr_officer (Art. 33(5)).';
REVOKE ALL ON FUNCTION gdpr.close_breach(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.close_breach(bigint, text) TO gdpr_officer;
