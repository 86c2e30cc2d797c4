-- Attack: the plan that auto_explain writes to the log.
-- as: postgres
-- tells: rows=20(\.00)? loops
-- gated: /rows=0/
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_analyze = on;
SET client_min_messages = log;
SET SESSION AUTHORIZATION reader;
SELECT FROM person WHERE email LIKE 'zq%';
