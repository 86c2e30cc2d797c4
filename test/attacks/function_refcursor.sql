-- Attack: a cursor that a function with SECURITY DEFINER opens.
-- gated: /55000: a statement was planned before the gates/
SELECT definer_cursor();
FETCH ALL FROM opened;
