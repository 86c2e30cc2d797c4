-- Attack: RETURNING of rows of others.
UPDATE person SET n = 9 RETURNING person.*;
