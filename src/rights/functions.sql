-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.find(identifier text)
    RETURNS TABLE (subject_table regclass, key text, matched_column text)
    AS 'MODULE_PATHNAME', 'gdpr_find' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.find(text) IS
    'The people whom a value of any column labelled identifier belongs to, their own or one of a row they own, by exact '
    'equality and through the columns'' indexes. matched_column is schema.table.column. A value that a column''s type '
    'does not take matches nothing there. Ordered by table, key and column; for gdpr_officer (Art. 12, 15).';
REVOKE ALL ON FUNCTION gdpr.find(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.find(text) TO gdpr_officer;
