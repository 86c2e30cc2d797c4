-- Attack: XMLTABLE.
-- hide: nothing
SELECT x.v FROM person, LATERAL XMLTABLE('/a' PASSING xmlelement(name a, person.email::text) COLUMNS v text PATH '.') x;
