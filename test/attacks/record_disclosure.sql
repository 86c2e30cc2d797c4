-- Attack: where data was disclosed to, by who may read every table.
-- as: every_reader
-- only: applied
SELECT address, reference FROM gdpr.disclosure;
