-- Attack: a function with SECURITY DEFINER of the owner.
SELECT definer_email();
