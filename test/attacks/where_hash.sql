-- Attack: a fingerprint of the value.
-- gated: nothing
SELECT 'learned: it is there' FROM person WHERE md5(email::text) = md5('zqx1@example.it');
