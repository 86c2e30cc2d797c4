-- Attack: the number that one's own row was given, by currval.
-- tells: ^1\d\d
-- open: sequences of gated columns
INSERT INTO member (name) VALUES ('x');
SELECT currval('member_number_seq');
