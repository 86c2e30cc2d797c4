-- Attack: whom requests came from, by who may read every table.
-- as: every_reader
-- only: applied
SELECT contact, details FROM gdpr.request;
