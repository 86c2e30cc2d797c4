-- The table of the suite, in the first schema of the search path.
CREATE TABLE person (
    id int PRIMARY KEY,
    email varchar(40) UNIQUE,
    name text,
    born date,
    salary numeric(10,2) DEFAULT 0 CHECK (salary > -100),
    extra jsonb
);
