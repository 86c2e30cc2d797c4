-- Attack: whether there are nulls asked by a constraint that is validated later.
-- needs: 18
-- gated: refused
-- deny: refused
ALTER TABLE own ADD CONSTRAINT told NOT NULL email NOT VALID;
ALTER TABLE own VALIDATE CONSTRAINT told;
SELECT 'learned: ' || convalidated FROM pg_constraint WHERE conname = 'told';
