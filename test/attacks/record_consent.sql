-- Attack: the evidence of a consent, by who may read every table.
-- as: every_reader
-- only: applied
SELECT evidence FROM gdpr.consent_event;
SELECT evidence FROM gdpr.consent;
