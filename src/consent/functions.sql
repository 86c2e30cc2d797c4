CREATE OR REPLACE FUNCTION gdpr.purpose_guard() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_purpose_guard' LANGUAGE C;
COMMENT ON FUNCTION gdpr.purpose_guard() IS
    'Trigger of gdpr.purpose: a purpose that consent was recorded for, or that people object to, is neither deleted nor '
    'renamed. One that consent was recorded for is not moved to legitimate interests, and to another basis only with a new '
    'basis_note (Art. 6, 7(1)). One that people object to stays direct marketing (Art. 21(3)). Sensitive data needs consent or '
    'a special_condition (Art. 9(2)). Changes of a basis are recorded in gdpr.basis_event and audited.';
REVOKE ALL ON FUNCTION gdpr.purpose_guard() FROM PUBLIC;
CREATE OR REPLACE TRIGGER purpose_guard AFTER INSERT OR UPDATE OR DELETE ON gdpr.purpose
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

CREATE OR REPLACE TRIGGER basis_changed AFTER INSERT OR UPDATE OR DELETE ON gdpr.basis_event
    FOR EACH ROW EXECUTE FUNCTION gdpr.consent_changed();
CREATE OR REPLACE TRIGGER basis_emptied AFTER TRUNCATE ON gdpr.basis_event
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.consent_changed();
ALTER TABLE gdpr.basis_event ENABLE ALWAYS TRIGGER basis_changed;
ALTER TABLE gdpr.basis_event ENABLE ALWAYS TRIGGER basis_emptied;

CREATE OR REPLACE FUNCTION gdpr.set_basis(subject_table regclass, key text, purpose text, basis gdpr.lawful_basis,
                                          note text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_set_basis' LANGUAGE C;
COMMENT ON FUNCTION gdpr.set_basis(regclass, text, text, gdpr.lawful_basis, text) IS
    'Sets the lawful basis on which a person is processed for a purpose, instead of the purpose''s own (Art. 6): subject '
    'table, primary key (null: everyone of the table), purpose, one of the six bases (null: the purpose''s own again), and '
    'why. A person''s own basis goes before that of their table. In force from the next statement on, in every session. '
    'Returns the number of the event in gdpr.basis_event. Refused: from consent without a note; to legitimate interests '
    'where consent was asked, or without a balancing test; special categories of data without a condition of Art. 9(2). '
    'Raises where there is no such person or purpose. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.set_basis(regclass, text, text, gdpr.lawful_basis, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.set_basis(regclass, text, text, gdpr.lawful_basis, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.basis_of(subject_table regclass, key text, purpose text) RETURNS gdpr.lawful_basis
    AS 'MODULE_PATHNAME', 'gdpr_basis_of' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.basis_of(regclass, text, text) IS
    'The lawful basis on which a person is processed for a purpose (Art. 6): their own, else their table''s, else the '
    'purpose''s. Subject table, primary key, purpose. Raises where there is no such purpose; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.basis_of(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.basis_of(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.consent_proof(subject_table regclass, key text, purpose text) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'gdpr_consent_proof' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.consent_proof(regclass, text, text) IS
    'The proof that a person consented to a purpose (Art. 7(1)), as one document: who, to what, the newest consent with '
    'its evidence and the hash of its wording, whether it is in force, all consents and withdrawals of the purpose, the '
    'controller, when and by whom it was made out; sealed, so that gdpr.verify_consent_proof() knows it again. Times in '
    'UTC. Raises no_data_found where they never consented. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.consent_proof(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.consent_proof(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.verify_consent_proof(proof jsonb) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_verify_consent_proof' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.verify_consent_proof(jsonb) IS
    'Is this a document of gdpr.consent_proof(), made out by whoever has this keyring, and unchanged? Whitespace and the '
    'order of members do not matter. For gdpr_officer and gdpr_auditor (Art. 7(1)).';
REVOKE ALL ON FUNCTION gdpr.verify_consent_proof(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.verify_consent_proof(jsonb) TO gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.give_consent(subject_table regclass, key text, purpose text, evidence jsonb)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_give_consent' LANGUAGE C;
COMMENT ON FUNCTION gdpr.give_consent(regclass, text, text, jsonb) IS
    'Records that a person consented to a purpose (Art. 7(1)): subject table, primary key (a row literal when composite), '
    'a purpose of gdpr.purpose whose basis, for them, is consent, and the evidence, an object with at least "wording", the '
    'text the person agreed to; beside it "version", "locale", "source", "address", "agent", "form", "method" (strings), '
    '"valid_until" (a time). Where the purpose has a child_age: "born" (a date), "age" or "adult": true, and of a child '
    '"parent": {"name": …, "verified": how} (Art. 8). Returns the number of the event. In force from the next statement on, '
    'in every session, until withdrawn, "valid_until" or the purpose''s consent_validity is over. Raises where there is no '
    'such person or purpose, where the purpose has another basis, and where the evidence is not as said. Audited.';
REVOKE ALL ON FUNCTION gdpr.give_consent(regclass, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.give_consent(regclass, text, text, jsonb) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.withdraw_consent(subject_table regclass, key text, purpose text,
                                                 evidence jsonb DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_withdraw_consent' LANGUAGE C;
COMMENT ON FUNCTION gdpr.withdraw_consent(regclass, text, text, jsonb) IS
    'Records that a person withdrew their consent to a purpose (Art. 7(3)): subject table, primary key, purpose, and '
    'evidence if there is any, an object. It asks for nothing more, since withdrawing must be as easy as giving. Returns '
    'the number of the event, or null where no consent is in force: then nothing is recorded. Raises where there is no '
    'such person or purpose. Of a person whom labels same_person join from several rows, it is withdrawn of each. Audited.';
REVOKE ALL ON FUNCTION gdpr.withdraw_consent(regclass, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.withdraw_consent(regclass, text, text, jsonb) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.has_consent(subject_table regclass, key text, purpose text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gdpr_has_consent' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.has_consent(regclass, text, text) IS
    'Is a person''s consent to a purpose in force: given, not withdrawn since and not lapsed (Art. 7)? Subject table, primary key, '
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
                                           local boolean DEFAULT false, line integer DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_set_source' LANGUAGE C;
COMMENT ON FUNCTION gdpr.set_source(text, text, inet, boolean, integer) IS
    'Says where the people come from whom this session stores from now on (Art. 14(2)(f)): webform, import, manual, api or '
    'integration; which one; the network address it came from; of an import, the line (without it, a COPY counts). For the session, or with local for the transaction; a '
    'rollback restores what was before, as with SET. A null kind goes back to what the session itself tells. Raises where '
    'the kind is none of these.';
-- Whoever may store a person may say where from.
GRANT EXECUTE ON FUNCTION gdpr.set_source(text, text, inet, boolean, integer) TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.add_source(subject_table regclass, key text, kind text, name text DEFAULT NULL,
                                           address inet DEFAULT NULL, line integer DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_add_source' LANGUAGE C;
COMMENT ON FUNCTION gdpr.add_source(regclass, text, text, text, inet, integer) IS
    'Records that data of a person came from another source as well (Art. 14(2)(f), 15(1)(g)): subject table, primary key, '
    'kind as for set_source(), which one, network address, line of the file. The first source stays what it is. Where the '
    'data were not obtained from the person they are to be told: gdpr.notice_queue. Raises where there is no such person. '
    'Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.add_source(regclass, text, text, text, inet, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.add_source(regclass, text, text, text, inet, integer) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.record_notice(subject_table regclass, key text, document text, article text DEFAULT '14',
                                              channel text DEFAULT NULL, exemption text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_record_notice' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_notice(regclass, text, text, text, text, text) IS
    'Records that a person was given a privacy notice (Art. 13, 14): subject table, primary key, which notice in which '
    'version, the article (13 or 14), how, and if none was given, which exemption applies (Art. 14(5)). One of Art. 14 takes '
    'them off gdpr.notice_queue. Returns its number. Raises where there is no such person. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.record_notice(regclass, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.record_notice(regclass, text, text, text, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.record_notices(subject_table regclass, source text, document text,
                                               channel text DEFAULT NULL, exemption text DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_record_notices' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_notices(regclass, text, text, text, text) IS
    'The same, of Art. 14, for everyone in gdpr.notice_queue of one subject table and one source by name (null: all '
    'sources). Returns how many. Needs gdpr_officer; audited.';
REVOKE ALL ON FUNCTION gdpr.record_notices(regclass, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.record_notices(regclass, text, text, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.record_provenance() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_record_provenance' LANGUAGE C;
COMMENT ON FUNCTION gdpr.record_provenance() IS
    'Trigger of subject tables: records where a new person came from (Art. 14(2)(f)); consent and provenance follow a '
    'changed primary key, and end with the row, so that whoever is given the key later inherits nothing.';
-- Whoever attaches a partition must be allowed to run the triggers that are cloned to it. It cannot be called otherwise.
GRANT EXECUTE ON FUNCTION gdpr.record_provenance() TO PUBLIC;
