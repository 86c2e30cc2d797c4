-- A conference's reviewing system without a single foreign key. People are known by their login, a personal key.
CREATE ROLE review_owner;
CREATE SCHEMA review AUTHORIZATION review_owner;
GRANT USAGE ON SCHEMA review TO truth_officer;
SET search_path = review;
SET ROLE review_owner;

CREATE TABLE person (login text PRIMARY KEY, name text, email text UNIQUE, affiliation text);
-- A paper goes with the last of its authors.
CREATE TABLE paper (no int PRIMARY KEY, title text NOT NULL, submitted date);
CREATE TABLE authorship (paper_no int, login text, place int, PRIMARY KEY (paper_no, login));
CREATE TABLE review (id int PRIMARY KEY, paper_no int NOT NULL, reviewer text NOT NULL, score int, comments text, confidential text);
CREATE TABLE reply (id int PRIMARY KEY, review_id int NOT NULL, body text);
CREATE TABLE bid (login text, paper_no int, wish int, PRIMARY KEY (login, paper_no));
-- Of two people alike; neither key can be null.
CREATE TABLE conflict (id int PRIMARY KEY, one text NOT NULL, other text NOT NULL, why text);
-- Belongs to what its kind says.
CREATE TABLE upload (id int PRIMARY KEY, kind text NOT NULL, target int, login text, name text);
CREATE TABLE mail (id int PRIMARY KEY, recipient text, subject text);
CREATE TABLE track (year int, code text, chair text, PRIMARY KEY (year, code));
CREATE TABLE seat (year int, code text, no int, login text, PRIMARY KEY (year, code, no));
CREATE TABLE seat_request (id int PRIMARY KEY, year int, code text, no int, wish text);

SECURITY LABEL FOR gdpr ON TABLE person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN person.login IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN person.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN person.affiliation IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE authorship IS 'owned(login -> person), owns(paper_no -> paper)';
SECURITY LABEL FOR gdpr ON TABLE review IS 'owned(reviewer -> person), accessed(paper_no -> paper)';
SECURITY LABEL FOR gdpr ON COLUMN review.reviewer IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN review.confidential IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE reply IS 'owned(review_id -> review)';
SECURITY LABEL FOR gdpr ON COLUMN reply.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE bid IS 'owned(login -> person)';
SECURITY LABEL FOR gdpr ON TABLE conflict IS 'owned(one -> person), owned(other -> person)';
SECURITY LABEL FOR gdpr ON COLUMN conflict.why IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE upload IS 'owned(target -> paper when kind = ''paper''), owned(target -> review when kind = ''review''), owned(login -> person when kind = ''photo'')';
SECURITY LABEL FOR gdpr ON COLUMN upload.name IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE mail IS 'owned(recipient -> person(email))';
SECURITY LABEL FOR gdpr ON COLUMN mail.recipient IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN mail.subject IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE track IS 'accessed(chair -> person)';
SECURITY LABEL FOR gdpr ON TABLE seat IS 'owned(login -> person)';
SECURITY LABEL FOR gdpr ON TABLE seat_request IS 'owned(year, code, no -> seat)';
SECURITY LABEL FOR gdpr ON COLUMN seat_request.wish IS 'personal';

INSERT INTO person VALUES ('ana', 'Ana', 'ana@uni.example', 'Uni A'), ('ben', 'Ben', 'ben@uni.example', 'Uni B'), ('cat', 'Cat', 'cat@lab.example', NULL),
                          ('dov', 'Dov', NULL, 'Lab D'), ('O''Neil, "Eli"', 'Eli', 'eli@lab.example', NULL);
INSERT INTO paper VALUES (1, 'By ana alone', '2026-01-01'), (2, 'By ana and ben', '2026-01-02'), (3, 'By ben', '2026-01-03'), (4, 'By one who left', NULL);
INSERT INTO authorship VALUES (1, 'ana', 1), (2, 'ana', 1), (2, 'ben', 2), (3, 'ben', 1), (4, 'gone', 1);
INSERT INTO review VALUES (10, 1, 'cat', 3, 'good', 'weak'), (11, 2, 'cat', 1, 'bad', 'mine is better'), (12, 3, 'ana', 2, 'fair', NULL),
                          (13, 2, 'dov', 5, 'wow', 'friend'), (14, 4, 'gone', 1, NULL, NULL);
INSERT INTO reply VALUES (20, 10, 'thanks'), (21, 12, 'no'), (22, 99, 'to nothing');
INSERT INTO bid VALUES ('cat', 1, 3), ('cat', 2, 1), ('ana', 3, 2), ('gone', 1, 1);
INSERT INTO conflict VALUES (30, 'ana', 'ben', 'married'), (31, 'cat', 'cat', 'herself'), (32, 'dov', 'gone', 'colleagues');
INSERT INTO upload VALUES (40, 'paper', 1, NULL, 'paper1.pdf'), (41, 'paper', 2, NULL, 'paper2.pdf'), (42, 'review', 10, NULL, 'review10.pdf'),
                          (43, 'review', 12, NULL, 'review12.pdf'), (44, 'photo', 1, 'dov', 'dov.jpg'), (45, 'other', 1, 'dov', 'programme.pdf'),
                          (46, 'photo', NULL, 'cat', 'cat.jpg'), (47, 'review', 1, NULL, 'of no review');
INSERT INTO mail VALUES (50, 'ana@uni.example', 'Dear ana'), (51, 'ben@uni.example', 'Dear ben'), (52, NULL, 'Dear all'), (53, 'else@example.org', 'Dear stranger');
INSERT INTO track VALUES (2026, 'db', 'cat'), (2026, 'os', 'ana'), (2025, 'db', 'cat'), (2025, 'os', NULL);
INSERT INTO seat VALUES (2026, 'db', 1, 'ana'), (2026, 'db', 2, 'ben'), (2025, 'db', 1, 'ben'), (2026, 'os', 1, NULL);
INSERT INTO seat_request VALUES (60, 2026, 'db', 1, 'window'), (61, 2026, 'db', 2, 'aisle'), (62, 2025, 'db', 1, 'front'), (63, 2026, 'os', 1, 'any'),
                                (64, NULL, 'db', 1, 'half a key');
RESET ROLE;
RESET search_path;

-- Ana: her own paper goes; the one with ben stays his, with his file. Reviews of her paper that is gone lose its number.
INSERT INTO truth.expected VALUES
('review.person', 'ana', 'review.person', '{ana}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.authorship', '{1/ana,2/ana}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.paper', '{1}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.paper', '{2}', 'owned', NULL, 'keep'),
('review.person', 'ana', 'review.upload', '{40}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.upload', '{41}', 'owned', 'name', 'keep'),
('review.person', 'ana', 'review.upload', '{43}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.review', '{12}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.reply', '{21}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.review', '{10}', 'accessed', 'confidential, reviewer', 'paper_no'),
('review.person', 'ana', 'review.review', '{11,13}', 'accessed', 'confidential, reviewer', 'keep'),
('review.person', 'ana', 'review.bid', '{ana/3}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.conflict', '{30}', 'owned', 'other, why', 'one'),
('review.person', 'ana', 'review.mail', '{50}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.track', '{2026/os}', 'accessed', NULL, 'chair'),
('review.person', 'ana', 'review.seat', '{2026/db/1}', 'owned', NULL, 'delete'),
('review.person', 'ana', 'review.seat_request', '{60}', 'owned', NULL, 'delete');

INSERT INTO truth.expected VALUES
('review.person', 'ben', 'review.person', '{ben}', 'owned', NULL, 'delete'),
('review.person', 'ben', 'review.authorship', '{2/ben,3/ben}', 'owned', NULL, 'delete'),
('review.person', 'ben', 'review.paper', '{3}', 'owned', NULL, 'delete'),
('review.person', 'ben', 'review.paper', '{2}', 'owned', NULL, 'keep'),
('review.person', 'ben', 'review.upload', '{41}', 'owned', 'name', 'keep'),
('review.person', 'ben', 'review.review', '{12}', 'accessed', 'reviewer', 'paper_no'),
('review.person', 'ben', 'review.review', '{11,13}', 'accessed', 'confidential, reviewer', 'keep'),
('review.person', 'ben', 'review.conflict', '{30}', 'owned', 'one, why', 'other'),
('review.person', 'ben', 'review.mail', '{51}', 'owned', NULL, 'delete'),
('review.person', 'ben', 'review.seat', '{2026/db/2,2025/db/1}', 'owned', NULL, 'delete'),
('review.person', 'ben', 'review.seat_request', '{61,62}', 'owned', NULL, 'delete');

-- Cat reviewed; a conflict with herself is hers alone.
INSERT INTO truth.expected VALUES
('review.person', 'cat', 'review.person', '{cat}', 'owned', NULL, 'delete'),
('review.person', 'cat', 'review.review', '{10,11}', 'owned', NULL, 'delete'),
('review.person', 'cat', 'review.reply', '{20}', 'owned', NULL, 'delete'),
('review.person', 'cat', 'review.bid', '{cat/1,cat/2}', 'owned', NULL, 'delete'),
('review.person', 'cat', 'review.conflict', '{31}', 'owned', NULL, 'delete'),
('review.person', 'cat', 'review.upload', '{42,46}', 'owned', NULL, 'delete'),
('review.person', 'cat', 'review.track', '{2026/db,2025/db}', 'accessed', NULL, 'chair');

-- Dov: whom he has a conflict with is nobody any more, so it goes with him; access still names nobody. Eli has a key that needs quotes.
INSERT INTO truth.expected VALUES
('review.person', 'dov', 'review.person', '{dov}', 'owned', NULL, 'delete'),
('review.person', 'dov', 'review.review', '{13}', 'owned', NULL, 'delete'),
('review.person', 'dov', 'review.conflict', '{32}', 'owned', 'other, why', 'delete'),
('review.person', 'dov', 'review.upload', '{44}', 'owned', NULL, 'delete'),
('review.person', 'O''Neil, "Eli"', 'review.person', ARRAY['O''Neil, "Eli"'], 'owned', NULL, 'delete');
