-- Attack: the parameters that an error of INTO STRICT quotes.
-- tells: zqx1
-- hide: /P0002: query returned no rows/
-- mask: /P0002: query returned no rows/
DO $$
#print_strict_params on
DECLARE v text := (SELECT email FROM person WHERE id = 1); r record;
BEGIN SELECT * INTO STRICT r FROM other WHERE note = v; END $$;
