-- Prepared statements under the policy: what a run has learnt is right in the next, whoever runs it and whatever happened
-- in between.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE pr_app;
CREATE ROLE pr_officer;
GRANT gdpr_officer TO pr_officer;
CREATE TABLE pr_person (id int PRIMARY KEY, name text, born date);
CREATE TABLE pr_order (id bigint PRIMARY KEY, person_id int REFERENCES pr_person, note text);
CREATE TABLE pr_line (id int PRIMARY KEY, order_id bigint REFERENCES pr_order, note text);
CREATE TABLE pr_member (code text PRIMARY KEY, note text);
INSERT INTO pr_person SELECT g, 'name ' || g, '2000-01-01'::date + g FROM generate_series(1, 4) g;
INSERT INTO pr_order SELECT g, (g + 1) / 2, 'order ' || g FROM generate_series(1, 8) g;
INSERT INTO pr_line SELECT g, (g + 1) / 2, 'line ' || g FROM generate_series(1, 16) g;
INSERT INTO pr_member SELECT 'm' || g, 'member ' || g FROM generate_series(1, 4) g;
CREATE INDEX ON pr_order (person_id);
CREATE INDEX ON pr_line (order_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON pr_person, pr_order, pr_line, pr_member TO pr_app, pr_officer;
SECURITY LABEL FOR gdpr ON TABLE pr_person IS 'subject';
SECURITY LABEL FOR gdpr ON TABLE pr_member IS 'subject';
CALL gdpr.apply();
ANALYZE pr_person, pr_order, pr_line, pr_member;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan;
CREATE FUNCTION pr_all() RETURNS TABLE (what text, ids text) LANGUAGE sql AS $$
    SELECT 'person', string_agg(id::text, ' ' ORDER BY id) FROM pr_person UNION ALL
    SELECT 'order', string_agg(id::text, ' ' ORDER BY id) FROM pr_order UNION ALL
    SELECT 'line', string_agg(id::text, ' ' ORDER BY id) FROM pr_line UNION ALL
    SELECT 'member', string_agg(code, ' ' ORDER BY code) FROM pr_member $$;
PREPARE person(int) AS SELECT id FROM pr_person WHERE id = $1;
-- Conditions on both sides of the policy: one that may see hidden rows, one that may not.
PREPARE named(int, text) AS SELECT id FROM pr_person WHERE id = $1 AND name = $2 AND 10 / (extract(day FROM born) - 3) > 0;
PREPARE orders(bigint) AS SELECT id FROM pr_order WHERE id = $1;
PREPARE line(int) AS SELECT id FROM pr_line WHERE id = $1;
PREPARE member(text) AS SELECT code FROM pr_member WHERE code = $1;
SET ROLE pr_app;
EXPLAIN (COSTS off) EXECUTE person(2);
EXPLAIN (COSTS off) EXECUTE line(7);
EXECUTE person(2); EXECUTE named(3, 'name 3'); EXECUTE orders(3); EXECUTE line(7); EXECUTE member('m2');
-- Person 2 has orders 3 and 4, lines 5 to 8. Day 3 is theirs, who is hidden: the division does not fail.
RESET ROLE; SELECT gdpr.restrict('pr_person', '2', 'asked'), gdpr.restrict('pr_member', 'm2', 'asked'); SET ROLE pr_app;
EXECUTE person(2); EXECUTE named(2, 'name 2'); EXECUTE orders(3); EXECUTE line(7); EXECUTE member('m2');
EXECUTE person(3); EXECUTE named(3, 'name 3'); EXECUTE orders(5); EXECUTE line(9); EXECUTE member('m3');
SELECT * FROM pr_all() ORDER BY 1;
-- The same plans, another role and ground.
SET ROLE pr_officer;
SELECT gdpr.state_ground('legal_claims', 'a claim');
EXECUTE person(2); EXECUTE orders(3); EXECUTE line(7); EXECUTE member('m2');
SELECT gdpr.state_ground(NULL, 'done');
EXECUTE person(2); EXECUTE orders(3); EXECUTE line(7); EXECUTE member('m2');
SET ROLE pr_app;
EXECUTE person(2); EXECUTE orders(3); EXECUTE line(7); EXECUTE member('m2');
-- Rows on the way get another owner: what hangs on them goes with them, at once.
RESET ROLE; UPDATE pr_order SET person_id = 2 WHERE id = 5; SET ROLE pr_app;
EXECUTE orders(5); EXECUTE line(9); EXECUTE line(11);
INSERT INTO pr_order VALUES (9, 2, 'stored'), (10, 1, 'seen');
INSERT INTO pr_line VALUES (17, 9, 'stored'), (18, 10, 'seen'), (19, NULL, 'nobody''s');
EXECUTE line(17); EXECUTE line(18); EXECUTE line(19);
SELECT * FROM pr_all() ORDER BY 1;
-- An index that goes leaves the answers as they are.
RESET ROLE;
BEGIN;
ALTER TABLE pr_line DROP CONSTRAINT pr_line_order_id_fkey;
ALTER TABLE pr_order DROP CONSTRAINT pr_order_pkey;
SECURITY LABEL FOR gdpr ON TABLE pr_line IS 'owned(order_id -> pr_order(id))';
SET LOCAL ROLE pr_app;
EXECUTE line(7); EXECUTE line(1);
ROLLBACK;
SET ROLE pr_app;
EXECUTE line(7); EXECUTE line(1);
RESET ROLE; SELECT gdpr.unrestrict('pr_person', '2', 'settled'), gdpr.unrestrict('pr_member', 'm2', 'settled'); SET ROLE pr_app;
EXECUTE person(2); EXECUTE orders(3); EXECUTE line(7); EXECUTE line(9); EXECUTE member('m2');
RESET ROLE;
-- Attack: a plan that is run again within its own start, by the function that chooses its partitions, shows nobody more.
CREATE TABLE pr_part (id int, person_id int REFERENCES pr_person, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE pr_part_1 PARTITION OF pr_part FOR VALUES FROM (0) TO (10);
CREATE TABLE pr_part_2 PARTITION OF pr_part FOR VALUES FROM (10) TO (20);
INSERT INTO pr_part SELECT g, 1 + g % 4 FROM generate_series(1, 15) g;
GRANT SELECT ON pr_part TO pr_app;
CALL gdpr.apply();
SELECT gdpr.restrict('pr_person', '2', 'asked');
CREATE FUNCTION pr_within(deep int) RETURNS int LANGUAGE plpgsql STABLE AS $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(id::text, ' ' ORDER BY id) INTO found FROM pr_part WHERE id < CASE WHEN deep > 0 THEN pr_within(deep - 1) ELSE 10 END;
    RAISE WARNING 'at depth %: %', deep, found;
    RETURN 10;
END $$;
SET ROLE pr_app;
SELECT pr_within(2);
SELECT pr_within(2);
RESET ROLE;
DELETE FROM gdpr.restriction;
DROP FUNCTION pr_within, pr_all;
DROP TABLE pr_part, pr_line, pr_order, pr_person, pr_member;
DROP ROLE pr_app, pr_officer;
