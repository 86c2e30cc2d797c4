-- Attack: a setting that keeps the value for later, as currval keeps a number.
-- hide: /^$|\(null\)/
SELECT set_config('app.kept', max(email), true) FROM person;
SELECT current_setting('app.kept');
