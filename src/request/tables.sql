-- Requests of people for their rights (Art. 12, 15 to 22), and what was done about them.
CREATE TABLE gdpr.public_holiday (
    day date PRIMARY KEY,
    name text
);
COMMENT ON TABLE gdpr.public_holiday IS
    'Days on which no period ends (Regulation 1182/71, Art. 2, 3(4)), maintained by officers by plain SQL; weekends need not '
    'stand here. A change moves the due dates of open requests.';
COMMENT ON COLUMN gdpr.public_holiday.day IS 'The day.';
COMMENT ON COLUMN gdpr.public_holiday.name IS 'Its name.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.public_holiday', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON gdpr.public_holiday TO gdpr_officer;
GRANT SELECT ON gdpr.public_holiday TO gdpr_auditor;

CREATE TABLE gdpr.request (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('access', 'rectification', 'erasure', 'restriction', 'notification', 'portability',
                                       'objection', 'automated_decision', 'withdrawal')),
    subject_table regclass,
    key gdpr.encrypted_text,
    way text NOT NULL CHECK (way IN ('mail', 'web', 'phone', 'letter', 'person')),
    contact gdpr.encrypted_text,
    details gdpr.encrypted_jsonb,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'identity', 'clarification', 'review', 'fulfilled',
                                                        'refused', 'withdrawn', 'lapsed')),
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    verified_at timestamptz,
    paused_at timestamptz,
    paused_days integer NOT NULL DEFAULT 0,
    extended_at timestamptz,
    released_at timestamptz,
    closed_at timestamptz,
    duplicate_of bigint,
    assignee name,
    assignee_address gdpr.encrypted_text,
    escalations integer NOT NULL DEFAULT 0,
    receipt bigint,
    answer bigint
);
CREATE INDEX request_subject ON gdpr.request (subject_table, key);
CREATE INDEX request_open ON gdpr.request (due_at) WHERE closed_at IS NULL;
CREATE INDEX request_duplicate ON gdpr.request (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX request_answer ON gdpr.request (answer) WHERE answer IS NOT NULL;
COMMENT ON TABLE gdpr.request IS
    'Requests of people for their rights (Art. 15 to 22). Written by functions alone; what is open stands in gdpr.request_queue.';
COMMENT ON COLUMN gdpr.request.id IS 'Number of the request.';
COMMENT ON COLUMN gdpr.request.kind IS
    'access (Art. 15), rectification (16), erasure (17), restriction (18), notification: who received the data (19), portability '
    '(20), objection (21), automated_decision (22), withdrawal of consent (7(3)).';
COMMENT ON COLUMN gdpr.request.subject_table IS 'Subject table of the person; null while it is not known who asks.';
COMMENT ON COLUMN gdpr.request.key IS 'Primary key of the person; null while it is not known who asks, and once their row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.request.way IS 'How it came: mail, web, phone, letter or person.';
COMMENT ON COLUMN gdpr.request.contact IS 'Where whoever asks can be reached, in their words; gone when they are forgotten, and some time after closing.';
COMMENT ON COLUMN gdpr.request.details IS 'What is asked for: purpose, changes, reason or text; gone with contact.';
COMMENT ON COLUMN gdpr.request.state IS
    'open; identity, clarification: the clock stands until whoever asks answers; review: an officer reads the answer; fulfilled; '
    'refused; withdrawn: by the person; lapsed: the person was forgotten meanwhile.';
COMMENT ON COLUMN gdpr.request.received_at IS 'When it was received: the clock runs from there.';
COMMENT ON COLUMN gdpr.request.recorded_at IS 'When it was recorded here.';
COMMENT ON COLUMN gdpr.request.due_at IS 'Until when it is to be answered (Art. 12(3)); while the clock stands, as if it had not stopped.';
COMMENT ON COLUMN gdpr.request.verified_at IS 'When it was established who asks (Art. 12(6)).';
COMMENT ON COLUMN gdpr.request.paused_at IS 'Since when the clock stands; null: it runs.';
COMMENT ON COLUMN gdpr.request.paused_days IS 'For how many days it stood before.';
COMMENT ON COLUMN gdpr.request.extended_at IS 'When the period was extended by two months; null: it was not.';
COMMENT ON COLUMN gdpr.request.released_at IS 'When an officer had read the answer and released it (Art. 15(4)).';
COMMENT ON COLUMN gdpr.request.closed_at IS 'When it was fulfilled, refused, withdrawn or lapsed.';
COMMENT ON COLUMN gdpr.request.duplicate_of IS 'An open request of the same person for the same, which answers this one too.';
COMMENT ON COLUMN gdpr.request.assignee IS 'The officer who sees to it.';
COMMENT ON COLUMN gdpr.request.assignee_address IS 'Where the assignee is reminded of the due date.';
COMMENT ON COLUMN gdpr.request.escalations IS 'How often somebody was reminded of the due date.';
COMMENT ON COLUMN gdpr.request.receipt IS 'Number in gdpr.erasure of the erasure that fulfilled it.';
COMMENT ON COLUMN gdpr.request.answer IS 'Number in gdpr.outbox of the mail that answers it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.request', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.request_id_seq', '');
GRANT SELECT ON gdpr.request TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.request_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request bigint NOT NULL,
    event text NOT NULL,
    note gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX request_event_request ON gdpr.request_event (request, id);
COMMENT ON TABLE gdpr.request_event IS 'What was done about each request, when and by whom (Art. 5(2)). Append-only.';
COMMENT ON COLUMN gdpr.request_event.id IS 'Order of the events.';
COMMENT ON COLUMN gdpr.request_event.request IS 'Number of the request.';
COMMENT ON COLUMN gdpr.request_event.event IS
    'received, duplicate, identity, clarification, resumed, verified, assigned, amended, extended, review, released, escalated, '
    'undelivered, fulfilled, refused, withdrawn, lapsed.';
COMMENT ON COLUMN gdpr.request_event.note IS 'Reason, question, answer; null once the person is forgotten.';
COMMENT ON COLUMN gdpr.request_event.at IS 'When.';
COMMENT ON COLUMN gdpr.request_event.role IS 'Who did it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.request_event', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.request_event_id_seq', '');
GRANT SELECT ON gdpr.request_event TO gdpr_officer, gdpr_auditor;

-- Days end in the controller's time zone. A session's own setting is the client's, so it does not count.
CREATE FUNCTION gdpr.local_date(at timestamptz, time_zone text DEFAULT NULL) RETURNS date LANGUAGE sql STABLE
    RETURN (at AT TIME ZONE coalesce(time_zone, (SELECT c.time_zone FROM gdpr.controller c),
                                     pg_catalog.current_setting('log_timezone')))::date;
COMMENT ON FUNCTION gdpr.local_date(timestamptz, text) IS
    'The day that a time falls on in a time zone; null: that of gdpr.controller, or else the server''s log_timezone.';
REVOKE ALL ON FUNCTION gdpr.local_date(timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.local_date(timestamptz, text) TO gdpr_officer, gdpr_auditor;

-- The key stays of its encrypted type, so that a condition on it reaches the index.
CREATE VIEW gdpr.request_queue AS
    SELECT id, kind, subject_table, key, state, received_at, due_at,
           gdpr.local_date(due_at) - gdpr.local_date(coalesce(paused_at, now())) AS days_left,
           way, verified_at, extended_at, paused_at, assignee, duplicate_of
      FROM gdpr.request WHERE closed_at IS NULL ORDER BY due_at, id;
COMMENT ON VIEW gdpr.request_queue IS
    'Open requests by the date they are due. days_left is negative once that is past, and stands still while the clock does.';
GRANT SELECT ON gdpr.request_queue TO gdpr_officer, gdpr_auditor;

CREATE VIEW gdpr.request_statistics AS
    SELECT extract(year FROM gdpr.local_date(received_at))::integer AS year, kind, count(*) AS requests,
           count(*) FILTER (WHERE closed_at IS NULL) AS open,
           count(*) FILTER (WHERE state = 'fulfilled') AS fulfilled,
           count(*) FILTER (WHERE state = 'refused') AS refused,
           count(*) FILTER (WHERE extended_at IS NOT NULL) AS extended,
           round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - received_at) / 86400))::numeric, 1)
               AS median_days,
           count(*) FILTER (WHERE coalesce(closed_at, paused_at, now()) > due_at) AS late
      FROM gdpr.request GROUP BY 1, 2 ORDER BY 1, 2;
COMMENT ON VIEW gdpr.request_statistics IS
    'Requests by the year they were received and kind: how many, how they ended, the median of days from receipt to answer, and how '
    'many were or are late.';
GRANT SELECT ON gdpr.request_statistics TO gdpr_officer, gdpr_auditor;
