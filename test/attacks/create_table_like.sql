-- Attack: a table like it, which loses the label, filled by COPY.
-- only: bare
-- gated: refused
CREATE TABLE copied (LIKE person);
INSERT INTO copied TABLE person;
SELECT email FROM copied;
