-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.advice_rows() RETURNS TABLE (severity text, object text, finding text, remedy text)
    AS 'MODULE_PATHNAME', 'gdpr_advice' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.advice_rows() IS
    'What gdpr.advice shows. A check that fails is told as such, and hides nothing else; for gdpr_admin, gdpr_officer and '
    'gdpr_auditor (Art. 5(2), 24, 32).';
REVOKE ALL ON FUNCTION gdpr.advice_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.advice_rows() TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE VIEW gdpr.advice AS SELECT severity, object, finding, remedy FROM gdpr.advice_rows();
COMMENT ON VIEW gdpr.advice IS
    'What is wrong or could be better: critical, warning or notice, what of, and the SQL that mends it. Columns that look personal '
    'by name or by sample and have no label, relations whose owner is not decided, missing indexes, settings that log values, '
    'roles that no policy binds, where the keyring lies, copies, what is declared and not enforced, what is overdue.';
REVOKE ALL ON gdpr.advice FROM PUBLIC;
GRANT SELECT ON gdpr.advice TO gdpr_admin, gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.report_html() RETURNS text
    AS 'MODULE_PATHNAME', 'gdpr_report_html' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.report_html() IS
    'One page of HTML, with nothing to be loaded from elsewhere, for the officer and the authority: controller, records of '
    'processing, the data map drawn, open requests and their statistics, the register of breaches, consent, erasures, '
    'restrictions, advice. Names nobody. psql -XAtc ''SELECT gdpr.report_html()'' -o report.html. For gdpr_officer, gdpr_auditor and '
    'gdpr_admin (Art. 5(2), 30, 33(5)).';
REVOKE ALL ON FUNCTION gdpr.report_html() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.report_html() TO gdpr_admin, gdpr_officer, gdpr_auditor;
