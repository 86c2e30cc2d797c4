-- Attack: xpath_table, which puts a query together.
-- needs: xml2
SELECT * FROM xpath_table('id', '''<a>'' || email || ''</a>''', 'person', '/a', 'true') AS t(id int, email text);
