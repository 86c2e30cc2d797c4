CREATE OR REPLACE FUNCTION gdpr.data_map_rows(OUT subject_table regclass, OUT relation regclass, OUT kind text,
                                              OUT keys text, OUT shared boolean, OUT remedy text) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'gdpr_data_map' LANGUAGE C STABLE;
COMMENT ON FUNCTION gdpr.data_map_rows() IS
    'The subject graph: which relations hold a person''s rows, and by which keys they are reached (Art. 30). kind is '
    'subject, owned, accessed, same_person (columns whose equal values make rows one person), or undecided: then remedy is '
    'the label to write.';
REVOKE ALL ON FUNCTION gdpr.data_map_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.data_map_rows() TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE VIEW gdpr.data_map AS SELECT * FROM gdpr.data_map_rows();
COMMENT ON VIEW gdpr.data_map IS 'The subject graph: which relations hold a person''s rows, and by which keys (Art. 30).';
REVOKE ALL ON gdpr.data_map FROM PUBLIC;
GRANT SELECT ON gdpr.data_map TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.data_map_dot() RETURNS text
    AS 'MODULE_PATHNAME', 'gdpr_data_map_dot' LANGUAGE C STABLE;
COMMENT ON FUNCTION gdpr.data_map_dot() IS
    'The subject graph in the language of Graphviz (Art. 30): psql -XAtc ''SELECT gdpr.data_map_dot()'' | dot -Tsvg. Bold: '
    'the people; dashed: accessed; red: undecided; bold lines join one person. Arrows go from a key to what it points to, backwards where that is owned.';
REVOKE ALL ON FUNCTION gdpr.data_map_dot() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.data_map_dot() TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.rename_begin() RETURNS event_trigger AS 'MODULE_PATHNAME', 'gdpr_rename_begin' LANGUAGE C;
COMMENT ON FUNCTION gdpr.rename_begin() IS
    'Event trigger before a column, table or schema is renamed or moved: notes what the names in labels stand for.';
REVOKE ALL ON FUNCTION gdpr.rename_begin() FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.rename_end() RETURNS event_trigger AS 'MODULE_PATHNAME', 'gdpr_rename_end' LANGUAGE C;
COMMENT ON FUNCTION gdpr.rename_end() IS
    'Event trigger after a column, table or schema was renamed or moved: rewrites the labels that say the old name.';
REVOKE ALL ON FUNCTION gdpr.rename_end() FROM PUBLIC;
