-- Attack: a cursor read as XML.
DECLARE c CURSOR FOR SELECT email FROM person;
SELECT cursor_to_xml('c', 10, true, false, '');
