-- Attack: a generated column, which holds the value in another form. (An encrypted one cannot be kept as plaintext.)
-- only: plain
SELECT low FROM made;
