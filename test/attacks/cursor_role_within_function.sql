-- Attack: a cursor that a function opens as one role and reads as another.
-- as: switcher
-- gated: /55000: a statement was planned before the gates/
CREATE FUNCTION mine() RETURNS text LANGUAGE plpgsql AS $$
DECLARE c refcursor; v text;
BEGIN
    PERFORM set_config('role', 'free', true);
    OPEN c FOR SELECT email FROM person WHERE id = 1;
    PERFORM set_config('role', 'switcher', true);
    FETCH c INTO v;
    RETURN v;
END $$;
SELECT mine();
