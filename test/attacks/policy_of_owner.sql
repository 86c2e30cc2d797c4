-- Attack: row security of the owner, which compares with a setting.
-- gated: nothing
-- deny: nothing
SET LOCAL app.who = 'zqx1@example.it';
SELECT 'learned: it is there' FROM secured;
