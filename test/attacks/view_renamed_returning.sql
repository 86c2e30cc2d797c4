-- Attack: RETURNING of a view of one's own, under another name.
CREATE VIEW renamed AS SELECT id AS k, n AS count, email AS note FROM person;
UPDATE renamed SET count = 1 WHERE k = 1 RETURNING note;
