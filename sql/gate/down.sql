RESET ROLE;
SET client_min_messages = warning;
DELETE FROM gdpr.gate_rule;
DELETE FROM gdpr.channel_role;
DROP SCHEMA ga CASCADE;
DROP OWNED BY ga_owner, ga_gated, ga_free;
DROP ROLE ga_owner, ga_gated, ga_free;
