-- Attack: a view of one's own.
CREATE VIEW mine AS SELECT * FROM person;
SELECT email FROM mine;
