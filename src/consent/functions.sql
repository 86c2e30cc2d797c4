CREATE OR REPLACE FUNCTION gdpr.purpose_guard() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_purpose_guard' LANGUAGE C;
COMMENT ON FUNCTION gdpr.purpose_guard() IS
    'Trigger of gdpr.purpose: a purpose that consent was recorded for is neither deleted nor renamed (Art. 7(1)).';
REVOKE ALL ON FUNCTION gdpr.purpose_guard() FROM PUBLIC;
CREATE OR REPLACE TRIGGER purpose_guard AFTER UPDATE OR DELETE ON gdpr.purpose
    FOR EACH ROW EXECUTE FUNCTION gdpr.purpose_guard();

CREATE OR REPLACE TRIGGER purpose_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.purpose
    FOR EACH ROW EXECUTE FUNCTION gdpr.restriction_changed();
CREATE OR REPLACE TRIGGER purpose_emptied AFTER TRUNCATE ON gdpr.purpose
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.restriction_changed();
ALTER TABLE gdpr.purpose ENABLE ALWAYS TRIGGER purpose_changed;
ALTER TABLE gdpr.purpose ENABLE ALWAYS TRIGGER purpose_emptied;

CREATE OR REPLACE FUNCTION gdpr.consent_changed() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_consent_changed' LANGUAGE C;
COMMENT ON FUNCTION gdpr.consent_changed() IS 'Trigger of gdpr.consent_event: sessions forget whose consent they knew of.';
REVOKE ALL ON FUNCTION gdpr.consent_changed() FROM PUBLIC;
CREATE OR REPLACE TRIGGER consent_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.consent_event
    FOR EACH ROW EXECUTE FUNCTION gdpr.consent_changed();
CREATE OR REPLACE TRIGGER consent_emptied AFTER TRUNCATE ON gdpr.consent_event
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.consent_changed();
ALTER TABLE gdpr.consent_event ENABLE ALWAYS TRIGGER consent_changed;
ALTER TABLE gdpr.consent_event ENABLE ALWAYS TRIGGER consent_emptied;

CREATE OR REPLACE FUNCTION gdpr.give_consent(subject_table regclass, key text, purpose text, evidence jsonb)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_give_consent' LANGUAGE C;
COMMENT ON FUNCTION gdpr.give_consent(regclass, text, text, jsonb) IS
    'Records that a person consented to a purpose (Art. 7(1)): subject table, primary key (a row literal when composite), '
    'a purpose of gdpr.purpose whose basis is consent, and the evidence, an object with at least "wording", the text the '
    'person agreed to; "source", "address", "agent" and the like beside it. Returns the number of the event. In force from '
    'the next statement on, in every session. Raises where there is no such person or purpose, where the purpose has '
    'another basis, and where the evidence lacks the wording. Audited.';
REVOKE ALL ON FUNCTION gdpr.give_consent(regclass, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.give_consent(regclass, text, text, jsonb) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.withdraw_consent(subject_table regclass, key text, purpose text,
                                                 evidence jsonb DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_withdraw_consent' LANGUAGE C;
COMMENT ON FUNCTION gdpr.withdraw_consent(regclass, text, text, jsonb) IS
    'Records that a person withdrew their consent to a purpose (Art. 7(3)): subject table, primary key, purpose, and '
    'evidence if there is any, an object. It asks for nothing more, since withdrawing must be as easy as giving. Returns '
    'the number of the event, or null where no consent is in force: then nothing is recorded. Raises where there is no '
    'such person or purpose. Audited.';
REVOKE ALL ON FUNCTION gdpr.withdraw_consent(regclass, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.withdraw_consent(regclass, text, text, jsonb) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.has_consent(subject_table regclass, key text, purpose text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_has_consent' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.has_consent(regclass, text, text) IS
    'Is a person''s consent to a purpose in force: given, and not withdrawn since (Art. 7)? Subject table, primary key, '
    'purpose. Null where an argument is; raises where the purpose does not exist or the key cannot be one.';
REVOKE ALL ON FUNCTION gdpr.has_consent(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.has_consent(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.record_disclosure(subject_table regclass, key text, recipient text,
                                                  purpose text DEFAULT NULL, address text DEFAULT NULL,
                                                  reference text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_record_disclosure' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_disclosure(regclass, text, text, text, text, text) IS
    'Records that a person''s data was disclosed (Art. 15(1)(c), 19): subject table, primary key (a row literal when '
    'composite), to whom, for what, the address at which the recipient is told that the data was rectified, restricted or '
    'erased, and what they know the person by. Returns its number. Raises where there is no such person. Needs '
    'gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.record_disclosure(regclass, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.record_disclosure(regclass, text, text, text, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.set_source(kind text, name text DEFAULT NULL, address inet DEFAULT NULL,
                                           local boolean DEFAULT false)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_set_source' LANGUAGE C;
COMMENT ON FUNCTION gdpr.set_source(text, text, inet, boolean) IS
    'Says where the people come from whom this session stores from now on (Art. 14(2)(f)): webform, import, manual, api or '
    'integration; which one; the network address it came from. For the session, or with local for the transaction; a '
    'rollback restores what was before, as with SET. A null kind goes back to what the session itself tells. Raises where '
    'the kind is none of these.';
-- Whoever may store a person may say where from.
GRANT EXECUTE ON FUNCTION gdpr.set_source(text, text, inet, boolean) TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.record_provenance() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_record_provenance' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_provenance() IS
    'Trigger of subject tables: records where a new person came from (Art. 14(2)(f)); consent and provenance follow a '
    'changed primary key, and end with the row, so that whoever is given the key later inherits nothing.';
-- Whoever attaches a partition must be allowed to run the triggers that are cloned to it. It cannot be called otherwise.
GRANT EXECUTE ON FUNCTION gdpr.record_provenance() TO PUBLIC;
