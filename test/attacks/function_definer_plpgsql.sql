-- Attack: a function in PL/pgSQL with SECURITY DEFINER, whose plan others have made.
\connect - free
SELECT definer_plpgsql() IS NULL;
\connect - reader
SELECT definer_plpgsql();
