-- Ciphertext literals: who may see them, who may load them, and that they cannot be forged.
CREATE ROLE lit_app;
CREATE ROLE lit_backup;
CREATE ROLE lit_bypass BYPASSRLS;
GRANT gdpr_backup TO lit_backup;
CREATE TABLE lit (id int, secret gdpr.encrypted_text, born gdpr.encrypted_date);
GRANT ALL ON lit TO lit_app, lit_backup, lit_bypass;
INSERT INTO lit VALUES (1, 'attack at dawn', '2001-02-03');

-- Plaintext to everyone by default, ciphertext to gdpr_backup, whatever else it is.
SELECT secret, born FROM lit;
SET ROLE lit_app;
SELECT secret FROM lit;
SET ROLE lit_backup;
SELECT left(format('%s', secret), 18) AS prefix, length(format('%s', secret)) > 18 + 60 AS sealed FROM lit;
-- A cast decrypts for whoever may read the column; only output is sealed.
SELECT secret::text FROM lit;
RESET ROLE;

-- Attack: passing for pg_dump by name. Only superusers and BYPASSRLS roles are believed.
SET application_name = 'pg_dump';
SELECT left(format('%s', secret), 18) AS superuser FROM lit;
SET ROLE lit_app;
SELECT format('%s', secret) AS application FROM lit;
SET ROLE lit_bypass;
SELECT left(format('%s', secret), 18) AS bypassing FROM lit;
RESET ROLE;
RESET application_name;
SET row_security = off;
SELECT left(format('%s', secret), 18) AS row_security_off FROM lit;
RESET row_security;

-- The choice is for superusers and gdpr_backup.
SET ROLE lit_app;
SET gdpr.output = 'cipher';
SET gdpr.output = 'plain';
RESET ROLE;
SET gdpr.output = 'cipher';
SELECT left(format('%s', secret), 18) AS chosen FROM lit;
SELECT encode(gdpr.encrypted_text_send(secret), 'escape') FROM lit;
-- Attack: the superuser's choice inherited through SET ROLE shows nothing to a role that may not choose.
SET ROLE lit_app;
SELECT format('%s', secret) FROM lit;
RESET ROLE;

-- A literal goes back in for those who may, and reads as it was.
CREATE TEMP TABLE dumped AS SELECT format('%s', secret) AS secret, format('%s', born) AS born FROM lit;
RESET gdpr.output;
SELECT secret AS sealed, born AS sealed_date FROM dumped \gset
INSERT INTO lit VALUES (2, :'sealed', :'sealed_date');
SELECT * FROM lit ORDER BY id;

-- Attack: an application loads ciphertext it copied, forged, or took from another column's type.
GRANT SELECT ON dumped TO lit_app;
SET ROLE lit_app;
INSERT INTO lit SELECT 3, secret::gdpr.encrypted_text FROM dumped;
PREPARE load(gdpr.encrypted_text) AS INSERT INTO lit VALUES (3, $1);
\set ECHO none
\set VERBOSITY sqlstate
EXECUTE load(:'sealed');
\set VERBOSITY default
\set ECHO all
INSERT INTO lit VALUES (3, 'gdpr-ciphertext-1:AAAA');
INSERT INTO lit VALUES (3, ('gdpr-ciphertext-1:' || 'AAAA')::text);
RESET ROLE;
\set ECHO none
\set VERBOSITY sqlstate
INSERT INTO lit (id, born) VALUES (3, :'sealed');
\set VERBOSITY default
\set ECHO all
INSERT INTO lit VALUES (3, 'gdpr-ciphertext-1:?');
INSERT INTO lit VALUES (3, 'gdpr-ciphertext-1:AAAA');
-- Attack: plaintext that poses as a literal, by a cast instead of input.
INSERT INTO lit VALUES (3, 'gdpr-ciphertext-1:AAAA'::text);

-- A flipped bit is found, wherever it is; the error says nothing of the content.
DO $$
DECLARE
    sealed bytea;
    changed bytea;
    missed int := 0;
    tried int := 0;
BEGIN
    SELECT decode(substr(secret, 19), 'base64') INTO sealed FROM dumped;
    FOR bit IN 0 .. octet_length(sealed) * 8 - 1 LOOP
        tried := tried + 1;
        changed := set_bit(sealed, bit, 1 - get_bit(sealed, bit));
        BEGIN
            EXECUTE format('SELECT gdpr.decrypt(%L::gdpr.encrypted_text)', 'gdpr-ciphertext-1:' || replace(encode(changed, 'base64'), E'\n', ''));
            missed := missed + 1;
        EXCEPTION WHEN data_corrupted OR config_file_error THEN NULL;
        END;
    END LOOP;
    RAISE NOTICE 'of % changes % went unnoticed', tried, missed;
END $$;

DROP TABLE lit, dumped;
DROP ROLE lit_app, lit_bypass;
DROP ROLE lit_backup;
