-- Attack: a cursor.
DECLARE c SCROLL CURSOR FOR SELECT email FROM person;
FETCH ALL FROM c;
