-- Nothing is anyone's until it is granted: what a room grants it has granted by now, PUBLIC holds nothing else.
CREATE FUNCTION gdpr.finish_install() RETURNS void AS 'MODULE_PATHNAME', 'gdpr_finish_install' LANGUAGE C STRICT;
SELECT gdpr.finish_install();
DROP FUNCTION gdpr.finish_install();
