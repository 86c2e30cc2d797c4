-- Attack: a rule of the owner, which copies.
-- gated: refused
INSERT INTO ruled VALUES (1);
SELECT note FROM other;
