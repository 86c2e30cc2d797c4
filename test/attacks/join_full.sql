-- Attack: a FULL JOIN, which returns what has no partner.
SELECT a.email, b.x FROM person a FULL JOIN (VALUES ('nobody')) b(x) ON a.email = b.x;
