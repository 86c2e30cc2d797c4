-- Attack: every table of the extension, by who may read every table.
-- as: every_reader
-- only: applied
SELECT query_to_xml(format('SELECT * FROM %s', c.oid::regclass), true, true, '')
    FROM pg_class c WHERE relnamespace = 'gdpr'::regnamespace AND relkind = 'r';
