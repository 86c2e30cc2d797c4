-- Attack: the whole row as an hstore.
-- needs: hstore
SELECT hstore(p) FROM person p;
