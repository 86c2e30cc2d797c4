CREATE OR REPLACE FUNCTION gdpr.plan(OUT relation regclass, OUT action text, OUT statement text) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'gdpr_plan' LANGUAGE C STABLE;
COMMENT ON FUNCTION gdpr.plan() IS
    'What the labels declare and the database does not enforce yet, as the SQL that apply() would run next. Empty when '
    'all is enforced. Where an owner must decide first, it says so in a comment instead. Raises where a label names what '
    'does not exist or cannot be enforced (Art. 25, 32).';
REVOKE ALL ON FUNCTION gdpr.plan() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.plan() TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE PROCEDURE gdpr.apply(relation regclass DEFAULT NULL)
    AS 'MODULE_PATHNAME', 'gdpr_apply' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.apply(regclass) IS
    'Enforces the labels of one table, or of all: encrypts and decrypts columns, makes triggers and policies. One '
    'transaction, idempotent; needs gdpr_admin. Warns of tables that it leaves since their owner must decide something; named '
    'alone, such a table is an error. A column that changes costs one rewrite of its table under an ACCESS '
    'EXCLUSIVE lock; lock_timeout is respected (Art. 25, 32).';
REVOKE ALL ON PROCEDURE gdpr.apply(regclass) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE gdpr.apply(regclass) TO gdpr_admin;

CREATE OR REPLACE FUNCTION gdpr.generate_column(relation regclass, column_name name, expression text) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_generate_column' LANGUAGE C STRICT;
COMMENT ON FUNCTION gdpr.generate_column(regclass, name, text) IS
    'Makes an existing column GENERATED ALWAYS AS (expression) STORED, its values staying as they are: a step of plan(), '
    'for superusers only.';
REVOKE ALL ON FUNCTION gdpr.generate_column(regclass, name, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.as_written(tree pg_node_tree, place integer DEFAULT 0) RETURNS pg_node_tree
    AS 'MODULE_PATHNAME', 'gdpr_as_written' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.as_written(pg_node_tree, integer) IS
    'An expression of the catalogs without the casts by which its encrypted values are decrypted unasked, for pg_get_expr; '
    'of a list the member at that place. A tree that has none is given back as it is.';
REVOKE ALL ON FUNCTION gdpr.as_written(pg_node_tree, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.written(tree pg_node_tree, relation oid) RETURNS text[]
    AS 'MODULE_PATHNAME', 'gdpr_written' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION gdpr.written(pg_node_tree, oid) IS
    'The SQL of each query of a tree of the catalogs, or of an expression over OLD and NEW of a relation.';
REVOKE ALL ON FUNCTION gdpr.written(pg_node_tree, oid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.alter_type_begin() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'gdpr_alter_type_begin' LANGUAGE C;
COMMENT ON FUNCTION gdpr.alter_type_begin() IS
    'Event trigger before ALTER TABLE ... ALTER COLUMN ... TYPE: a column whose label says encrypted gets the encrypted type '
    'of the one named, or an error where there is none; what apply() made that names the column is taken aside (Art. 32).';
REVOKE ALL ON FUNCTION gdpr.alter_type_begin() FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.alter_type_end() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'gdpr_alter_type_end' LANGUAGE C;
COMMENT ON FUNCTION gdpr.alter_type_end() IS
    'Event trigger after ALTER TABLE ... ALTER COLUMN ... TYPE: makes again what was taken aside, in the same transaction.';
REVOKE ALL ON FUNCTION gdpr.alter_type_end() FROM PUBLIC;

CREATE OR REPLACE FUNCTION gdpr.note_unlabelled() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'gdpr_note_unlabelled' LANGUAGE C;
COMMENT ON FUNCTION gdpr.note_unlabelled() IS
    'Event trigger before SECURITY LABEL ... IS NULL: notes encrypted columns that lose their label, for apply() to decrypt.';
REVOKE ALL ON FUNCTION gdpr.note_unlabelled() FROM PUBLIC;
