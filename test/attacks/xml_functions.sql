-- Attack: functions that run a query that they are given.
SELECT query_to_xml('SELECT email FROM person', true, false, ''), table_to_xml('person', true, false, '');
