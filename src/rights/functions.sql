-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.find(identifier text)
    RETURNS TABLE (subject_table regclass, key text, matched_column text)
    AS 'MODULE_PATHNAME', 'gdpr_find' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.find(text) IS
    'The people whom a value of any column labelled identifier belongs to, their own or one of a row they own, by '
    'equality and through the columns'' indexes: with the value as given and in its normalised form, and in whatever form '
    'it is stored where an index has gdpr.normalised(column). matched_column is schema.table.column. A value that a '
    'column''s type does not take matches nothing there. Ordered by table, key and column; for gdpr_officer (Art. 12, 15).';
REVOKE ALL ON FUNCTION gdpr.find(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.find(text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.normalised(identifier text) RETURNS text
    AS 'MODULE_PATHNAME', 'gdpr_normalised' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gdpr.normalised(text) IS
    'The form in which blocklist and find() compare identifiers: an e-mail address bare and with its domain in lower case, '
    'a telephone number as digits, all else trimmed. CREATE INDEX ON person (gdpr.normalised(email)), or over an encrypted '
    'column (gdpr.sealed(gdpr.normalised(email))), lets find() find it in any form.';
REVOKE ALL ON FUNCTION gdpr.normalised(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.normalised(text) TO PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.access(subject_table regclass, key text) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'gdpr_access' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.access(regclass, text) IS
    'All that is held of a person, as one document, version 1; times in UTC. data and accessed: rows by relation, in the '
    'order of the primary key. redacted: columns of which values were withheld, by relation. review: columns of words '
    'shown of rows in which others have a part, to be read before they are handed out (Art. 15(4)). Then version, '
    'generated_at, subject, controller, categories, purposes, recipients, disclosures, transfers, automated_decisions, '
    'retention, consents, bases, source, further_sources, notices, restrictions, objections, rights. Of a row that belongs to others as well, and of '
    'an accessed one, the columns '
    'labelled personal, sensitive or identifier and the keys of other owners are withheld. Recorded in the audit log as '
    'access. Of a person whom labels same_person join from several rows it has all, and names the others in same_person. Raises no_data_found where there is no such person, program_limit_exceeded where the answer would exceed '
    '32 MB, and where a label is missing to decide whose a row is; for gdpr_officer (Art. 15).';
REVOKE ALL ON FUNCTION gdpr.access(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.access(regclass, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.export(subject_table regclass, key text, format text DEFAULT 'csv',
                                       public_key text DEFAULT NULL, passphrase text DEFAULT NULL,
                                       scope text DEFAULT 'portability')
    RETURNS TABLE (file text, content bytea)
    AS 'MODULE_PATHNAME', 'gdpr_export' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.export(regclass, text, text, text, text, text) IS
    'A person''s data as files in UTF-8: one for each relation of theirs, schema.table.format, in parts of some 8 MB where '
    'there is more, schema.table.part-0001.format; and manifest.json with rows, columns and SHA-256 of each. format is csv '
    '(RFC 4180; null is nothing, an empty string is ""), csv-spreadsheet (what a spreadsheet takes for a formula begins '
    'with an apostrophe), json or xml. scope portability: what they provided on consent or for a contract, by labels and '
    'gdpr.purpose; access: all that access() tells, the rest in particulars.json. The same data gives the same bytes, '
    'unless sealed: by an armored OpenPGP public_key (RSA or ElGamal) or a passphrase. Values are withheld as access() '
    'does it. Recorded in the audit log as export. Raises as access() does; for gdpr_officer (Art. 15, 20).';
REVOKE ALL ON FUNCTION gdpr.export(regclass, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.export(regclass, text, text, text, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.rectify(subject_table regclass, key text, changes jsonb, reason text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_rectify' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.rectify(regclass, text, jsonb, text) IS
    'Puts right what is wrong of a person, whole or not at all; returns how many rows were changed. changes is '
    '{"column": value, ...} for their own row and {"schema.table": {"primary key": {"column": value}}} for rows they own, '
    'names as access() writes them, both forms together if need be. Strings, numbers and booleans are taken by the '
    'column''s own input, null is null, a column of type json or jsonb takes any value as it is. A key may change: what '
    'gdpr knows of the person goes with it, and rows that only a label connects follow. Never generated columns, those '
    'that say whose a row is, nor rows that belong to others as well. Constraints raise with PostgreSQL''s own SQLSTATE, '
    'without DETAIL. Recorded in the audit log as rectify, with the reason; recipients of the data are told by '
    'gdpr.outbox; for gdpr_officer (Art. 16, 19).';
REVOKE ALL ON FUNCTION gdpr.rectify(regclass, text, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.rectify(regclass, text, jsonb, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.forget(subject_table regclass, key text, reason text, dry_run boolean DEFAULT false)
    RETURNS TABLE (relation regclass, action text, rows bigint)
    AS 'MODULE_PATHNAME', 'gdpr_forget' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.forget(regclass, text, text, boolean) IS
    'Erases a person from their subject table, from every row they own and from the records of gdpr, in one transaction, '
    'and says what was done in each relation. Actions: delete; anonymize; keep until DATE (ground), by the label keep; '
    'leave to other owners, for rows with several; unlink, for rows of others that pointed at the person. dry_run says '
    'the same and changes nothing. A person forgotten before gives no rows, but what the law had kept until now. Their '
    'identifiers go to the blocklist, and gdpr.erasure has a receipt. Rows that labels same_person join are erased together, '
    'each with a receipt. A dry run gives a notice where people of other subject tables have an identifier of theirs. Raises no_data_found where there is no such person, '
    'and where a label is missing to decide whose a row is or what takes the place of a value; for gdpr_officer (Art. 17).';
REVOKE ALL ON FUNCTION gdpr.forget(regclass, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.forget(regclass, text, text, boolean) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.hold(subject_table regclass, key text, reason text) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_hold' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.hold(regclass, text, text) IS
    'Puts a person under a legal hold: they are not forgotten, and their processing is restricted, until gdpr.release(). '
    'For what may be needed to establish, exercise or defend legal claims. So are the rows that labels same_person join, and those stored later. Raises where there is no such person, or where '
    'a label must first say whose the rows of a table are; audited; for gdpr_officer (Art. 17(3)(e), 18(1)(c)).';
REVOKE ALL ON FUNCTION gdpr.hold(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.hold(regclass, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.release(subject_table regclass, key text) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_release' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.release(regclass, text) IS
    'Ends every legal hold of a person. Raises where there is none; audited; for gdpr_officer (Art. 17(3)(e)).';
REVOKE ALL ON FUNCTION gdpr.release(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.release(regclass, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.verify_forgotten(subject_table regclass, key text)
    RETURNS TABLE (place text, finding text)
    AS 'MODULE_PATHNAME', 'gdpr_verify_forgotten' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.verify_forgotten(regclass, text) IS
    'What is left of a person, and where: their rows, the audit log, consent, source, disclosures, restrictions other than '
    'retention; once they were forgotten also rows of any labelled table that hold an identifier of theirs and are nobody '
    'else''s, and samples in pg_statistic, by the hashes in the journal. Empty when they are forgotten. Reads the tables '
    'with identifiers from end to end; for gdpr_officer (Art. 17, 5(2)).';
REVOKE ALL ON FUNCTION gdpr.verify_forgotten(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.verify_forgotten(regclass, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.verify_forgotten(receipt bigint)
    RETURNS TABLE (place text, finding text)
    AS 'MODULE_PATHNAME', 'gdpr_verify_receipt' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.verify_forgotten(bigint) IS
    'The same by the number of a receipt in gdpr.erasure, which does not say who it was: the key is looked for by its '
    'keyed hash. Somebody who came later and has the key now is not taken for them. Raises no_data_found where there is '
    'no such receipt; for gdpr_officer (Art. 17, 5(2)).';
REVOKE ALL ON FUNCTION gdpr.verify_forgotten(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.verify_forgotten(bigint) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.blocklist_check() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_blocklist_check' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.blocklist_check() IS
    'Trigger of apply() on tables with identifier columns: recognises a forgotten person by the blocklist, and then warns, '
    'rejects or logs as gdpr.set_blocklist_action() or the setting gdpr.blocklist_action says (Art. 17). And restricts a row '
    'that labels same_person join with someone who is restricted (Art. 18).';
REVOKE ALL ON FUNCTION gdpr.blocklist_check() FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.set_blocklist_action(relation regclass, action text) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_set_blocklist_action' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.set_blocklist_action(regclass, text) IS
    'What happens when a forgotten person comes back into a table, its partitions and heirs: warn, reject or log; null: '
    'what the setting gdpr.blocklist_action says. A role for which that setting is set (ALTER ROLE web SET '
    'gdpr.blocklist_action = log) keeps it. Raises where no column is labelled identifier; for gdpr_admin.';
REVOKE ALL ON FUNCTION gdpr.set_blocklist_action(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.set_blocklist_action(regclass, text) TO gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.blocklist_hits()
    RETURNS TABLE (at timestamptz, relation text, column_name text, action text, role text, rows bigint)
    AS 'MODULE_PATHNAME', 'gdpr_blocklist_hits' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.blocklist_hits() IS
    'When the blocklist recognised somebody, in this database: table, column, what was done, session role, how many rows '
    'of one transaction; those rolled back and refused included, so that probing shows. Not who. Kept in a file beside the '
    'keyring, the newest 8 to 16 MB; for gdpr_officer and gdpr_auditor.';
REVOKE ALL ON FUNCTION gdpr.blocklist_hits() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.blocklist_hits() TO gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.block(identifier text, ground text, until timestamptz DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_block' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.block(text, text, timestamptz) IS
    'Puts an identifier on the blocklist, as keyed hash, without erasing anybody: of somebody who wants no contact, or '
    'was erased by other means. ground is why it is kept, until when it lapses; null: as gdpr.blocklist_period says. '
    'Returns 1, or 0 where it was on it; for gdpr_officer (Art. 17, 21).';
REVOKE ALL ON FUNCTION gdpr.block(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.block(text, text, timestamptz) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.unblock(identifier text, reason text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gdpr_unblock' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.unblock(text, text) IS
    'Takes an identifier off the blocklist, because its person agreed anew or was taken for another; returns how many '
    'entries there were. The reason is kept in gdpr.unblocking; for gdpr_officer (Art. 5(2), 17).';
REVOKE ALL ON FUNCTION gdpr.unblock(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.unblock(text, text) TO gdpr_officer;
