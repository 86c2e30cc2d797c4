-- Attack: a cursor that is to be read as it comes, and so may prefer an index.
-- tells: ^3$
-- gated: /^1$/
-- deny: /^1$/
SET enable_seqscan = off;
SET enable_bitmapscan = off;
DECLARE c SCROLL CURSOR FOR SELECT id FROM ordered WHERE tenant = 1;
FETCH c;
