-- Attack: a partition that is partitioned by a function.
-- gated: refused
-- deny: refused
CREATE FUNCTION tell(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN public.heard($1); END $$;
CREATE TABLE mine PARTITION OF parts FOR VALUES FROM (10) TO (20) PARTITION BY LIST (tell(email::text));
UPDATE parts SET at = 15;
