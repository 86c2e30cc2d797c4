-- A forum with messages between people.
CREATE ROLE forum_owner;
CREATE SCHEMA forum AUTHORIZATION forum_owner;
GRANT USAGE ON SCHEMA forum TO truth_officer;
SET search_path = forum;
SET ROLE forum_owner;

CREATE TABLE member (id int PRIMARY KEY, nick text NOT NULL UNIQUE, email text, invited_by int REFERENCES member);
CREATE TABLE profile (member_id int PRIMARY KEY REFERENCES member ON DELETE CASCADE, bio text, avatar bytea);
-- A topic outlives its author.
CREATE TABLE topic (id int PRIMARY KEY, author int REFERENCES member ON DELETE SET NULL, title text NOT NULL);
CREATE TABLE post (id int PRIMARY KEY, topic_id int NOT NULL REFERENCES topic, author int REFERENCES member, body text NOT NULL,
                   reply_to int REFERENCES post);
-- Whoever goes first, the reaction goes along.
CREATE TABLE reaction (id int PRIMARY KEY, post_id int NOT NULL REFERENCES post ON DELETE CASCADE,
                       member_id int NOT NULL REFERENCES member ON DELETE CASCADE, kind text, UNIQUE (post_id, member_id));
CREATE TABLE message (id int PRIMARY KEY, sender int REFERENCES member, recipient int REFERENCES member, body text NOT NULL);
CREATE TABLE attachment (message_id int NOT NULL REFERENCES message ON DELETE CASCADE, no int, name text, content bytea,
                         PRIMARY KEY (message_id, no));
CREATE TABLE ignored (id int PRIMARY KEY, member_id int NOT NULL REFERENCES member, whom int NOT NULL REFERENCES member, since date);
CREATE TABLE moderation (id int PRIMARY KEY, post_id int NOT NULL REFERENCES post, moderator int REFERENCES member, why text);
CREATE TABLE subscription (member_id int NOT NULL REFERENCES member, topic_id int NOT NULL REFERENCES topic, PRIMARY KEY (member_id, topic_id));
CREATE TABLE visit (at date, member_id int, ip inet, PRIMARY KEY (at, member_id)) PARTITION BY RANGE (at);
CREATE TABLE visit_2025 (ip inet, member_id int NOT NULL, at date NOT NULL);
ALTER TABLE visit ATTACH PARTITION visit_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visit_2026 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE smiley (code text PRIMARY KEY, picture bytea);

SECURITY LABEL FOR gdpr ON TABLE member IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN member.nick IS 'personal, identifier';
SECURITY LABEL FOR gdpr ON COLUMN member.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN profile.bio IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN profile.avatar IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE topic IS 'owned(author), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN topic.title IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE post IS 'owned(author)';
SECURITY LABEL FOR gdpr ON COLUMN post.body IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE reaction IS 'owned(member_id), owned(post_id), erase(delete)';
SECURITY LABEL FOR gdpr ON TABLE message IS 'owned(sender), owned(recipient)';
SECURITY LABEL FOR gdpr ON COLUMN message.body IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN attachment.name IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN attachment.content IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE ignored IS 'owned(member_id), accessed(whom)';
SECURITY LABEL FOR gdpr ON TABLE moderation IS 'owned(post_id), accessed(moderator)';
SECURITY LABEL FOR gdpr ON COLUMN moderation.why IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE subscription IS 'owned(member_id)';
SECURITY LABEL FOR gdpr ON TABLE visit IS 'owned(member_id -> member)';
SECURITY LABEL FOR gdpr ON COLUMN visit.ip IS 'personal';

INSERT INTO member VALUES (1, 'ada', 'ada@example.org', NULL), (2, 'bob', 'bob@example.org', 1), (3, 'cyd', 'cyd@example.org', 1),
                          (4, 'dan', NULL, 2), (5, 'eve', 'eve@example.org', 5), (6, 'fay', 'fay@example.org', 4);
INSERT INTO profile VALUES (1, 'engines', '\x01'), (2, 'nothing', NULL), (4, 'tools', '\x04');
INSERT INTO topic VALUES (10, 1, 'engines of ada'), (11, 2, 'bob asks'), (12, NULL, 'rules'), (13, 1, 'poetry');
INSERT INTO post VALUES (100, 10, 1, 'first', NULL), (101, 10, 2, 'reply by bob', 100), (102, 10, 1, 'ada again', 101), (103, 11, 2, 'bob', NULL),
                        (104, 11, 3, 'cyd', 103), (105, 12, NULL, 'be kind', NULL), (106, 13, 3, 'a poem', NULL), (107, 13, 3, 'another', 106),
                        (108, 10, 4, 'dan to himself', 108);
INSERT INTO reaction VALUES (1, 100, 2, 'like'), (2, 100, 3, 'like'), (3, 101, 1, 'laugh'), (4, 106, 1, 'like'), (5, 104, 3, 'like'), (6, 105, 6, 'like');
INSERT INTO message VALUES (200, 1, 2, 'ada to bob'), (201, 2, 1, 'bob to ada'), (202, 1, 1, 'ada to herself'), (203, 3, NULL, 'cyd to one who left'),
                           (204, 3, 4, 'cyd to dan'), (205, NULL, NULL, 'between two who left');
INSERT INTO attachment VALUES (200, 1, 'a.png', '\xaa'), (202, 1, 'b.png', '\xbb'), (203, 1, 'c.png', '\xcc'), (203, 2, 'd.png', '\xdd'), (205, 1, 'e', NULL);
INSERT INTO ignored VALUES (1, 1, 3, '2026-01-01'), (2, 2, 3, '2026-01-02'), (3, 3, 1, '2026-01-03');
INSERT INTO moderation VALUES (300, 101, 1, 'spam by bob'), (301, 104, NULL, 'rude'), (302, 100, 1, 'her own'), (303, 106, 6, 'copied');
INSERT INTO subscription VALUES (1, 11), (2, 10), (3, 10), (6, 12);
INSERT INTO visit VALUES ('2025-05-01', 1, '192.0.2.1'), ('2026-05-01', 1, '192.0.2.1'), ('2026-05-01', 2, '192.0.2.2'), ('2025-07-01', 6, '192.0.2.6'),
                         ('2026-01-01', 99, '192.0.2.99');
INSERT INTO smiley VALUES (':-)', NULL);
RESET ROLE;
RESET search_path;

-- Ada: cyd ignores her, and that row holds up hers: it stays, without her values. Bob's answer loses what it answered.
-- Messages with bob stay his; what she wrote to herself goes.
INSERT INTO truth.expected VALUES
('forum.member', '1', 'forum.member', '{1}', 'owned', NULL, 'email, nick'),
('forum.member', '1', 'forum.member', '{2,3}', NULL, NULL, 'invited_by'),
('forum.member', '1', 'forum.profile', '{1}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.topic', '{10,13}', 'owned', NULL, 'author, title'),
('forum.member', '1', 'forum.post', '{100,102}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.post', '{101}', NULL, NULL, 'reply_to'),
('forum.member', '1', 'forum.reaction', '{1,2}', 'owned', 'member_id', 'delete'),
('forum.member', '1', 'forum.reaction', '{3,4}', 'owned', 'post_id', 'delete'),
('forum.member', '1', 'forum.message', '{200}', 'owned', 'body, recipient', 'sender'),
('forum.member', '1', 'forum.message', '{201}', 'owned', 'body, sender', 'recipient'),
('forum.member', '1', 'forum.message', '{202}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.attachment', '{200/1}', 'owned', 'content, name', 'keep'),
('forum.member', '1', 'forum.attachment', '{202/1}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.ignored', '{1}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.ignored', '{3}', 'accessed', 'member_id', 'keep'),
('forum.member', '1', 'forum.moderation', '{300}', 'accessed', 'post_id, why', 'moderator'),
('forum.member', '1', 'forum.moderation', '{302}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.subscription', '{1/11}', 'owned', NULL, 'delete'),
('forum.member', '1', 'forum.visit', '{2025-05-01/1,2026-05-01/1}', 'owned', NULL, 'delete');

-- Bob: nobody ignores him, so his row goes, and dan was invited by nobody.
INSERT INTO truth.expected VALUES
('forum.member', '2', 'forum.member', '{2}', 'owned', NULL, 'delete'),
('forum.member', '2', 'forum.member', '{4}', NULL, NULL, 'invited_by'),
('forum.member', '2', 'forum.profile', '{2}', 'owned', NULL, 'delete'),
('forum.member', '2', 'forum.topic', '{11}', 'owned', NULL, 'author, title'),
('forum.member', '2', 'forum.post', '{101,103}', 'owned', NULL, 'delete'),
('forum.member', '2', 'forum.post', '{102,104}', NULL, NULL, 'reply_to'),
('forum.member', '2', 'forum.reaction', '{1}', 'owned', 'post_id', 'delete'),
('forum.member', '2', 'forum.reaction', '{3}', 'owned', 'member_id', 'delete'),
('forum.member', '2', 'forum.message', '{200}', 'owned', 'body, sender', 'recipient'),
('forum.member', '2', 'forum.message', '{201}', 'owned', 'body, recipient', 'sender'),
('forum.member', '2', 'forum.attachment', '{200/1}', 'owned', 'content, name', 'keep'),
('forum.member', '2', 'forum.ignored', '{2}', 'owned', NULL, 'delete'),
('forum.member', '2', 'forum.moderation', '{300}', 'owned', NULL, 'delete'),
('forum.member', '2', 'forum.subscription', '{2/10}', 'owned', NULL, 'delete'),
('forum.member', '2', 'forum.visit', '{2026-05-01/2}', 'owned', NULL, 'delete');

-- Cyd: ada and bob ignore her. A message to nobody who is left is hers alone.
INSERT INTO truth.expected VALUES
('forum.member', '3', 'forum.member', '{3}', 'owned', NULL, 'email, nick'),
('forum.member', '3', 'forum.post', '{104,106,107}', 'owned', NULL, 'delete'),
('forum.member', '3', 'forum.reaction', '{2}', 'owned', 'post_id', 'delete'),
('forum.member', '3', 'forum.reaction', '{4}', 'owned', 'member_id', 'delete'),
('forum.member', '3', 'forum.reaction', '{5}', 'owned', NULL, 'delete'),
('forum.member', '3', 'forum.message', '{203}', 'owned', NULL, 'delete'),
('forum.member', '3', 'forum.message', '{204}', 'owned', 'body, recipient', 'sender'),
('forum.member', '3', 'forum.attachment', '{203/1,203/2}', 'owned', NULL, 'delete'),
('forum.member', '3', 'forum.ignored', '{3}', 'owned', NULL, 'delete'),
('forum.member', '3', 'forum.ignored', '{1,2}', 'accessed', 'member_id', 'keep'),
('forum.member', '3', 'forum.moderation', '{301,303}', 'owned', NULL, 'delete'),
('forum.member', '3', 'forum.subscription', '{3/10}', 'owned', NULL, 'delete');

-- Dan answered himself; eve invited herself and did nothing; fay moderates.
INSERT INTO truth.expected VALUES
('forum.member', '4', 'forum.member', '{4}', 'owned', NULL, 'delete'),
('forum.member', '4', 'forum.member', '{6}', NULL, NULL, 'invited_by'),
('forum.member', '4', 'forum.profile', '{4}', 'owned', NULL, 'delete'),
('forum.member', '4', 'forum.post', '{108}', 'owned', NULL, 'delete'),
('forum.member', '4', 'forum.message', '{204}', 'owned', 'body, sender', 'recipient'),
('forum.member', '5', 'forum.member', '{5}', 'owned', NULL, 'delete'),
('forum.member', '6', 'forum.member', '{6}', 'owned', NULL, 'delete'),
('forum.member', '6', 'forum.reaction', '{6}', 'owned', NULL, 'delete'),
('forum.member', '6', 'forum.moderation', '{303}', 'accessed', 'post_id, why', 'moderator'),
('forum.member', '6', 'forum.subscription', '{6/12}', 'owned', NULL, 'delete'),
('forum.member', '6', 'forum.visit', '{2025-07-01/6}', 'owned', NULL, 'delete');
