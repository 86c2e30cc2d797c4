CREATE TABLE gdpr.unlabelled_column (
    relation regclass,
    column_name name,
    PRIMARY KEY (relation, column_name)
);
COMMENT ON TABLE gdpr.unlabelled_column IS
    'Encrypted columns whose label was taken away and which apply() has not decrypted yet. Encrypted columns of tables without '
    'labels that are not here were made so by hand, or copied, and stay as they are.';
COMMENT ON COLUMN gdpr.unlabelled_column.relation IS 'The table.';
COMMENT ON COLUMN gdpr.unlabelled_column.column_name IS 'The column.';
REVOKE ALL ON gdpr.unlabelled_column FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('gdpr.unlabelled_column', '');
