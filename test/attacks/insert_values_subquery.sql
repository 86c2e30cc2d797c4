-- Attack: INSERT … VALUES with a subquery.
-- gated: refused
INSERT INTO other VALUES (1, (SELECT max(email) FROM person)) RETURNING note;
