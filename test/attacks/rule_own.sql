-- Attack: a rule that copies.
-- gated: refused
-- deny: refused
CREATE RULE mine AS ON UPDATE TO own DO ALSO INSERT INTO other VALUES (1, OLD.email);
UPDATE own SET n = 1;
SELECT note FROM other;
