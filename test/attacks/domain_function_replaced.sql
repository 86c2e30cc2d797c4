-- Attack: the function replaced that a domain's check calls.
-- only: plain
-- gated: refused
CREATE OR REPLACE FUNCTION checks(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
SELECT FROM (SELECT v::text::checked FROM of_checked OFFSET 0) x WHERE v IS NOT NULL;
