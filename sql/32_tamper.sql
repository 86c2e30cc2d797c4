-- Attack: somebody alters what is stored, bit by bit.
CREATE TABLE tamper (id int, t gdpr.encrypted_text, d gdpr.encrypted_date, n gdpr.encrypted_numeric);
INSERT INTO tamper VALUES (1, 'mario.rossi@example.it', '1971-02-03', 1234.5), (2, '', '2001-01-01', 0);

-- What the module says of a stored value of that type, given as bytes.
CREATE FUNCTION tamper_try(type text, value bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %L::%s', 'gdpr-ciphertext-1:' || translate(encode(value, 'base64'), E'\n', ''), type);
    RETURN 'taken';
EXCEPTION WHEN data_corrupted OR config_file_error OR invalid_text_representation THEN
    RETURN SQLSTATE;
END $$;
SET gdpr.output = 'cipher';
CREATE TABLE tamper_bytes AS
    SELECT type, decode(substr(literal, 19), 'base64') AS value
      FROM tamper, LATERAL (VALUES ('gdpr.encrypted_text', format('%s', t)), ('gdpr.encrypted_date', format('%s', d)),
                                   ('gdpr.encrypted_numeric', format('%s', n))) AS v(type, literal);
SELECT type, count(*), min(length(value)), max(length(value)), min(tamper_try(type, value)) FROM tamper_bytes GROUP BY 1 ORDER BY 1;
-- Every bit of each: never taken. A flipped bit of the key's number names a key that is not there.
SELECT type, tamper_try(type, set_bit(value, bit, 1 - get_bit(value, bit))) AS answer, count(*)
  FROM tamper_bytes, generate_series(0, length(value) * 8 - 1) AS bit GROUP BY 1, 2 ORDER BY 1, 2;
-- Truncated anywhere, and extended.
SELECT DISTINCT tamper_try(type, substring(value FROM 1 FOR size)) FROM tamper_bytes, generate_series(0, length(value) - 1) AS size ORDER BY 1;
SELECT DISTINCT tamper_try(type, value || decode(repeat('00', more), 'hex')) FROM tamper_bytes, generate_series(1, 20) AS more;
-- The header of one with the rest of another; a value of one type as another type's.
SELECT tamper_try(a.type, substring(a.value FROM 1 FOR 17) || substring(b.value FROM 18)) AS answer, count(*)
  FROM tamper_bytes a, tamper_bytes b WHERE a.value <> b.value GROUP BY 1;
SELECT tamper_try(a.type, b.value) AS answer, count(*) FROM tamper_bytes a, tamper_bytes b WHERE a.type <> b.type GROUP BY 1;
RESET gdpr.output;
DROP TABLE tamper, tamper_bytes;
DROP FUNCTION tamper_try(text, bytea);
