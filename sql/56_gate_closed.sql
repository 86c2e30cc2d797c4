-- Gates where the library is not: the policies that apply() puts on tables with gated columns, and what they leave as it was.
-- That they raise is in test/tap/036, in sessions that have not the library.
SET client_min_messages = warning;
CREATE SCHEMA gc;
CREATE ROLE gc_owner;
CREATE ROLE gc_app;
CREATE ROLE gc_tool;
CREATE ROLE gc_admin IN ROLE gdpr_admin;
CREATE ROLE gc_all BYPASSRLS;
-- Since PostgreSQL 17 EXPLAIN names the output of a subquery otherwise; since 18 it tells what was avoided in vain.
CREATE FUNCTION gc.plan(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        CONTINUE WHEN line ~ '^ *Disabled: ';
        RETURN NEXT regexp_replace(regexp_replace(line, ' \(returns \$\d+\)', ''), '\$\d+|\(InitPlan \d+\)\.col\d+', 'output of the InitPlan');
    END LOOP;
END $$;
GRANT ALL ON SCHEMA gc TO gc_owner;
GRANT USAGE ON SCHEMA gc TO PUBLIC;
SET ROLE gc_owner;
CREATE TABLE gc.lonely (id int PRIMARY KEY, email text, note text);
CREATE INDEX ON gc.lonely (lower(email));
INSERT INTO gc.lonely SELECT g, 'user' || g || '@example.it', 'n' || g FROM generate_series(1, 2000) g;
CREATE TABLE gc.lean (id int, height numeric);
CREATE TABLE gc.part (id int, email text) PARTITION BY RANGE (id);
CREATE TABLE gc.part_1 PARTITION OF gc.part FOR VALUES FROM (0) TO (10);
CREATE TABLE gc.parent (id int, name text);
CREATE TABLE gc.heir () INHERITS (gc.parent);
CREATE TABLE gc.person (id int PRIMARY KEY, name text);
CREATE TABLE gc.own (id int, email text);
ALTER TABLE gc.own ENABLE ROW LEVEL SECURITY;
CREATE POLICY odd ON gc.own USING (id % 2 = 1);
INSERT INTO gc.own VALUES (1, 'one@example.it'), (2, 'two@example.it');
CREATE TABLE gc.asleep (id int, email text);
CREATE POLICY later ON gc.asleep USING (id > 5);
SECURITY LABEL FOR gdpr ON COLUMN gc.lonely.email IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN gc.part.email IS 'sensitive';
SECURITY LABEL FOR gdpr ON COLUMN gc.heir.name IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE gc.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN gc.person.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN gc.own.email IS 'personal';
GRANT ALL ON ALL TABLES IN SCHEMA gc TO gc_app, gc_tool;
RESET ROLE;
CREATE TEMP VIEW security AS SELECT c.relname, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    (SELECT array_agg(p.polname || CASE WHEN p.polpermissive THEN '' ELSE ' restrictive' END ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
  FROM pg_class c WHERE c.relnamespace = 'gc'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1;

-- Without rules, nothing but people's own tables has a policy.
CALL gdpr.apply();
SELECT * FROM security;

-- Who sets a gate learns what it does not reach yet, and plan() lists it.
SET ROLE gc_admin;
SELECT gdpr.gate('personal', 'export', 'mask');
SELECT gdpr.assign_channel('gc_tool', 'export');
SELECT gdpr.gate('sensitive', 'export', 'show');
SELECT gdpr.gate('gc.lean', 'height', 'export', 'hide');
SELECT gdpr.assign_channel('gc_all', 'export');
SELECT relation, action, statement FROM gdpr.plan();
CALL gdpr.apply();
SELECT * FROM gdpr.plan();
SELECT gdpr.gate('personal', 'export', 'mask');
RESET ROLE;
SELECT * FROM security;
-- Policies of the owner's own are not for the owner, unless it is in a gated channel.
SET ROLE gc_owner;
SELECT * FROM gc.own;
SET ROLE gc_admin;
SELECT gdpr.assign_channel('gc_owner', 'export');
SELECT relation, action FROM gdpr.plan();
SELECT gdpr.assign_channel('gc_owner', NULL);
SELECT * FROM gdpr.plan();
SET ROLE gc_admin;
SELECT gdpr.gate('sensitive', 'export', 'mask');
SELECT gdpr.assign_channel('gc_tool', 'export');
CALL gdpr.apply('gc.part');
RESET ROLE;
SELECT * FROM security WHERE relname LIKE 'part%';

-- A partition that comes later waits for apply().
SET ROLE gc_owner;
CREATE TABLE gc.part_2 PARTITION OF gc.part FOR VALUES FROM (10) TO (20);
RESET ROLE;
SELECT relation, action FROM gdpr.plan() WHERE action ~ 'polic|security';
DROP TABLE gc.part_2;
-- Where the library is, statements do not meet it: plans, rows and own policies are as they were.
SET enable_seqscan = off;
SET ROLE gc_app;
EXPLAIN (COSTS OFF) SELECT note FROM gc.lonely WHERE lower(email) = 'user7@example.it';
SELECT note FROM gc.lonely WHERE lower(email) = 'user7@example.it';
SELECT gc.plan($$SELECT note FROM gc.lonely WHERE id = 7 AND EXISTS (SELECT FROM gc.lonely x WHERE x.id = 8)$$);
SELECT gc.plan($$WITH x AS MATERIALIZED (SELECT email FROM gc.lonely WHERE id = 7) SELECT *, (SELECT email FROM gc.lonely WHERE id = 9) FROM x$$);
EXPLAIN (COSTS OFF) UPDATE gc.lonely SET note = 'x' WHERE id = 7;
SELECT gc.plan($$SELECT id FROM gc.own WHERE email = 'one@example.it'$$);
RESET enable_seqscan;
SELECT * FROM gc.own;
INSERT INTO gc.lonely VALUES (1, 'a', 'b') ON CONFLICT (id) DO UPDATE SET note = 'again' RETURNING id, note;
MERGE INTO gc.lonely l USING (VALUES (1), (5001)) v(id) ON l.id = v.id WHEN MATCHED THEN UPDATE SET note = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (v.id, 'm', 'm');
COPY gc.lonely FROM STDIN;
5002	c@example.it	copied
\.
COPY gc.own FROM STDIN;
2	no@example.it
\.
COPY (SELECT id, note FROM gc.lonely WHERE id > 5000 OR id = 1 ORDER BY 1) TO STDOUT;
TRUNCATE gc.lean;
SET ROLE gc_owner;
SELECT count(*), max(id) FROM gc.lonely;
COPY gc.part FROM STDIN;
3	three@example.it
\.
ALTER TABLE gc.lean ADD FOREIGN KEY (id) REFERENCES gc.lonely;
SET ROLE gc_tool;
SELECT email FROM gc.lonely WHERE id = 7;
SELECT id FROM gc.lonely WHERE email = 'user7@example.it';
SELECT * FROM gc.own;
SELECT * FROM gc.part;
SELECT * FROM gc.part_1;
COPY (SELECT email FROM gc.lonely WHERE id = 5002) TO STDOUT;
-- A plan of one role is none of another's.
RESET ROLE;
SET plan_cache_mode = force_generic_plan;
PREPARE one AS SELECT email FROM gc.lonely WHERE id = $1;
SET ROLE gc_app;
EXECUTE one (7);
SET ROLE gc_tool;
EXECUTE one (7);
SET ROLE gc_app;
EXECUTE one (7);
RESET plan_cache_mode;

-- Attack: the owner takes the policy off, or makes it say nothing.
SET ROLE gc_owner;
DROP POLICY gdpr_gate ON gc.lonely;
ALTER POLICY gdpr_gate ON gc.lonely USING (true);
ALTER POLICY gdpr_gate ON gc.lonely TO gc_tool;
ALTER POLICY gdpr_gate ON gc.lonely RENAME TO other;
ALTER TABLE gc.lonely DISABLE ROW LEVEL SECURITY;
ALTER TABLE gc.lonely NO FORCE ROW LEVEL SECURITY;
SECURITY LABEL FOR gdpr ON COLUMN gc.lonely.email IS NULL;
-- Attack: in its predicate, called by itself, there is nothing to find.
SET ROLE gc_tool;
SELECT gdpr.gates_hold();
SET ROLE gc_app;
SELECT gdpr.gates_hold();

-- Policies that sleep are not woken: that is for the owner to say.
SET ROLE gc_owner;
SECURITY LABEL FOR gdpr ON COLUMN gc.asleep.email IS 'personal';
CREATE TABLE gc.waits (id int, email text);
SECURITY LABEL FOR gdpr ON COLUMN gc.waits.email IS 'personal';
SET ROLE gc_admin;
SELECT relation, action, statement FROM gdpr.plan() WHERE action !~ 'trigger';
CALL gdpr.apply();
SELECT relation, action, statement FROM gdpr.plan();
CALL gdpr.apply('gc.asleep');
SET ROLE gc_owner;
ALTER TABLE gc.asleep ENABLE ROW LEVEL SECURITY;
-- A policy altered by whoever may is put right.
RESET ROLE;
ALTER POLICY gdpr_gate ON gc.lonely USING (true);
SELECT relation, action FROM gdpr.plan();
CALL gdpr.apply();
SELECT * FROM gdpr.plan();
SELECT * FROM security;

-- A table that comes to be a person's has the policy of people's tables instead, and the other way.
SECURITY LABEL FOR gdpr ON TABLE gc.lonely IS 'subject';
CALL gdpr.apply();
SELECT * FROM security WHERE relname = 'lonely';
SECURITY LABEL FOR gdpr ON TABLE gc.lonely IS NULL;
CALL gdpr.apply();
SELECT * FROM security WHERE relname = 'lonely';
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'gc.lonely'::regclass AND tgname LIKE 'gdpr_restriction%';

-- The way back: no label, or no rule.
SECURITY LABEL FOR gdpr ON COLUMN gc.lonely.email IS NULL;
SET ROLE gc_admin;
CALL gdpr.apply();
RESET ROLE;
SELECT * FROM security WHERE relname = 'lonely';
SET ROLE gc_admin;
SELECT gdpr.gate('personal', 'export', NULL), gdpr.gate('sensitive', 'export', NULL), gdpr.gate('gc.lean', 'height', 'export', NULL);
SELECT relation, action FROM gdpr.plan();
CALL gdpr.apply();
RESET ROLE;
SELECT * FROM security;
SELECT gdpr.assign_channel('gc_tool', NULL), gdpr.assign_channel('gc_all', NULL);
DROP SCHEMA gc CASCADE;
DROP ROLE gc_owner, gc_app, gc_tool, gc_admin, gc_all;
