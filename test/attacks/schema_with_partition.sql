-- Attack: a partition of one's own with a check, made within CREATE SCHEMA, into which the rows move.
-- gated: refused
-- deny: refused
CREATE SCHEMA mine CREATE TABLE part PARTITION OF public.parts (CHECK (public.heard(email::text))) FOR VALUES FROM (10) TO (20);
UPDATE parts SET at = 15;
