-- The audit log. Only the triggers write it; nobody but a superuser can change it.
CREATE TABLE gdpr.audit_record (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    transaction xid8 NOT NULL,
    session_role name NOT NULL,
    role name NOT NULL,
    application text,
    address inet,
    relation regclass NOT NULL,
    operation text NOT NULL,
    subject_table regclass,
    key gdpr.encrypted_text,
    changed text[],
    content gdpr.encrypted_jsonb
);
-- Ciphertext does not shrink.
ALTER TABLE gdpr.audit_record ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX audit_record_id ON gdpr.audit_record (id);

CREATE FUNCTION gdpr.subject_key_entries(gdpr.encrypted_text, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gdpr_subject_key_entries' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gdpr.subject_key_entries(gdpr.encrypted_text, internal) IS
    'What the index keeps of a key: a keyed hash, which tells nothing to whoever has no key.';
REVOKE ALL ON FUNCTION gdpr.subject_key_entries(gdpr.encrypted_text, internal) FROM PUBLIC;
CREATE FUNCTION gdpr.subject_key_query(gdpr.encrypted_text, internal, int2, internal, internal, internal, internal)
    RETURNS internal AS 'MODULE_PATHNAME', 'gdpr_subject_key_query' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gdpr.subject_key_query(gdpr.encrypted_text, internal, int2, internal, internal, internal, internal)
    IS 'What the index is searched for: the keyed hash of a key, encrypted or plain.';
REVOKE ALL ON FUNCTION
    gdpr.subject_key_query(gdpr.encrypted_text, internal, int2, internal, internal, internal, internal) FROM PUBLIC;
CREATE FUNCTION gdpr.subject_key_consistent(internal, int2, gdpr.encrypted_text, int4, internal, internal, internal, internal)
    RETURNS boolean AS 'MODULE_PATHNAME', 'gdpr_subject_key_consistent' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION
    gdpr.subject_key_consistent(internal, int2, gdpr.encrypted_text, int4, internal, internal, internal, internal)
    IS 'Whether a record may be one of the key searched for; the record itself then decides.';
REVOKE ALL ON FUNCTION
    gdpr.subject_key_consistent(internal, int2, gdpr.encrypted_text, int4, internal, internal, internal, internal)
    FROM PUBLIC;
CREATE OPERATOR CLASS gdpr.subject_key_ops FOR TYPE gdpr.encrypted_text USING gin AS
    OPERATOR 1 pg_catalog.= (gdpr.encrypted_text, gdpr.encrypted_text),
    OPERATOR 2 pg_catalog.= (gdpr.encrypted_text, text),
    FUNCTION 1 btint8cmp(int8, int8),
    FUNCTION 2 gdpr.subject_key_entries(gdpr.encrypted_text, internal),
    FUNCTION 3 gdpr.subject_key_query(gdpr.encrypted_text, internal, int2, internal, internal, internal, internal),
    FUNCTION 4 gdpr.subject_key_consistent(internal, int2, gdpr.encrypted_text, int4, internal, internal, internal, internal),
    STORAGE int8;
COMMENT ON OPERATOR CLASS gdpr.subject_key_ops USING gin IS
    'Finds records by the encrypted key of a person: cheap to write, however many records one person has.';
-- What is not yet in the tree is searched one by one, so little of it is left lying.
CREATE INDEX audit_record_subject ON gdpr.audit_record USING gin (key gdpr.subject_key_ops)
    WITH (gin_pending_list_limit = 64) WHERE key IS NOT NULL;
CREATE INDEX audit_record_at ON gdpr.audit_record USING brin (at);
COMMENT ON TABLE gdpr.audit_record IS 'What was done to labelled tables. Read it through gdpr.audit_log (Art. 5(2), 30, 33).';
COMMENT ON COLUMN gdpr.audit_record.id IS 'The change. A row that belongs to several people has a record for each, with the same id and values.';
COMMENT ON COLUMN gdpr.audit_record.at IS 'When: the statement''s time.';
COMMENT ON COLUMN gdpr.audit_record.transaction IS 'In which transaction.';
COMMENT ON COLUMN gdpr.audit_record.session_role IS 'Who was logged in.';
COMMENT ON COLUMN gdpr.audit_record.role IS 'As whom.';
COMMENT ON COLUMN gdpr.audit_record.application IS 'application_name of the session.';
COMMENT ON COLUMN gdpr.audit_record.address IS 'Network address of the client; null for a local one.';
COMMENT ON COLUMN gdpr.audit_record.relation IS 'What was changed.';
COMMENT ON COLUMN gdpr.audit_record.operation IS 'INSERT, UPDATE, DELETE, TRUNCATE, or the right that was exercised.';
COMMENT ON COLUMN gdpr.audit_record.subject_table IS 'Subject table of the person whose data it was.';
COMMENT ON COLUMN gdpr.audit_record.key IS 'Primary key of that person.';
COMMENT ON COLUMN gdpr.audit_record.changed IS 'Columns that changed.';
COMMENT ON COLUMN gdpr.audit_record.content IS 'Old and new values, or a note; null once a person whose row it was is forgotten.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.audit_record', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.audit_record_id_seq', '');

-- The key stays encrypted here, so that a condition on it uses the index; whoever may read the view sees it in plain.
CREATE VIEW gdpr.audit_log AS
    SELECT id, at, transaction, session_role, role, application, address, relation, operation, subject_table, key,
           changed, (content -> 'old')::jsonb AS old, (content -> 'new')::jsonb AS new, (content ->> 'note')::text AS note
      FROM gdpr.audit_record;
COMMENT ON VIEW gdpr.audit_log IS 'Who changed whose data, when, and from what to what.';
GRANT SELECT ON gdpr.audit_log TO gdpr_officer, gdpr_auditor;
