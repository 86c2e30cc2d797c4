-- Attack: the counter behind a gated number.
-- open: sequences of gated columns
-- tells: ^1\d\d
SELECT last_value FROM member_number_seq;
