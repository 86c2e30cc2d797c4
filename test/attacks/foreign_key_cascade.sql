-- Attack: a column without a label that refers to a gated one, into which a cascade writes what others have changed.
-- as: postgres
:ungate;
SET SESSION AUTHORIZATION reader;
CREATE TABLE mine (v :text REFERENCES login_unread (email) ON UPDATE CASCADE);
INSERT INTO mine VALUES ('zqx1@example.it');
RESET SESSION AUTHORIZATION;
:gate;
SET SESSION AUTHORIZATION free;
UPDATE login_unread SET email = 'zqx2@example.it';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION reader;
SELECT v FROM mine;
