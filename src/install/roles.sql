-- The roles belong to the cluster: made where they are missing, and left in place by DROP EXTENSION.
CREATE FUNCTION gdpr.create_roles() RETURNS void AS 'MODULE_PATHNAME', 'gdpr_create_roles' LANGUAGE C STRICT;
SELECT gdpr.create_roles();
DROP FUNCTION gdpr.create_roles();

REVOKE ALL ON SCHEMA gdpr FROM PUBLIC;
GRANT USAGE ON SCHEMA gdpr TO PUBLIC;
COMMENT ON SCHEMA gdpr IS 'Personal data: declared by labels, enforced by the database, answered to the person.';
