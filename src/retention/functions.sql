CREATE OR REPLACE PROCEDURE gdpr.expire() AS 'MODULE_PATHNAME', 'gdpr_expire' LANGUAGE C;
COMMENT ON PROCEDURE gdpr.expire() IS
    'Does away with what has had its time: rows and people of tables labelled expires(…), erasures that a legal duty had put '
    'off, data that rested on consent which was withdrawn or has lapsed. In batches, committing between them, so that no '
    'lock is held for long; after an interruption it goes on with what is left. Restricted and held people are left alone, '
    'rows that somebody has locked wait for the next time. Owners'' triggers run as the owners. Receipts are in '
    'gdpr.expiry and gdpr.erasure. Not in a transaction block; needs gdpr_officer (Art. 5(1)(e), 17). The job "expire" of '
    'gdpr.run_due_work() does the same.';
REVOKE ALL ON PROCEDURE gdpr.expire() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE gdpr.expire() TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.expiring_rows() RETURNS TABLE (relation regclass, action text, rows bigint)
    AS 'MODULE_PATHNAME', 'gdpr_expiring_rows' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.expiring_rows() IS 'The rows of the view gdpr.expiring.';
REVOKE ALL ON FUNCTION gdpr.expiring_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.expiring_rows() TO gdpr_officer, gdpr_auditor;

CREATE OR REPLACE VIEW gdpr.expiring AS SELECT e.relation, e.action, e.rows FROM gdpr.expiring_rows() AS e;
COMMENT ON VIEW gdpr.expiring IS
    'What gdpr.expire() would do now: delete, anonymize, forget (rows), finish erasure, erase after withdrawal (people); and '
    'what it would leave, restricted or held (Art. 5(1)(e)). Counts rows, through an index on the label''s column where '
    'there is one.';
GRANT SELECT ON gdpr.expiring TO gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.erasable_after_withdrawal(subject_table regclass, key text, purpose text)
    RETURNS TABLE (relation regclass, action text, column_name name, rows bigint)
    AS 'MODULE_PATHNAME', 'gdpr_erasable_after_withdrawal' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.erasable_after_withdrawal(regclass, text, text) IS
    'What of a person''s data a withdrawal of their consent to a purpose erases (Art. 17(1)(b)), computed from labels: '
    'columns and tables labelled purpose(…), of whose purposes each rests on consent and none is consented to. Subject '
    'table, primary key, purpose. Actions: erase (the column), delete (the rows), forget (the person). Of rows that a duty '
    'keeps, or that have other owners, nothing. gdpr.expire() does it once the consent is withdrawn. For gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.erasable_after_withdrawal(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.erasable_after_withdrawal(regclass, text, text) TO gdpr_officer;
