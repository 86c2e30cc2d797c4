-- Breaches of personal data (Art. 33, 34): the register, the clock, who was told.
CREATE TABLE gdpr.breach (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    description gdpr.encrypted_text NOT NULL,
    aware_at timestamptz NOT NULL,
    period tstzrange NOT NULL,
    suspect name,
    address inet,
    relations regclass[],
    risk text CHECK (risk IN ('unlikely', 'risk', 'high')),
    assessment gdpr.encrypted_text,
    consequences gdpr.encrypted_text,
    measures gdpr.encrypted_text,
    advice gdpr.encrypted_text,
    authority_at timestamptz,
    authority_reference gdpr.encrypted_text,
    delay_reason gdpr.encrypted_text,
    subjects_at timestamptz,
    no_notice_reason gdpr.encrypted_text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    role name NOT NULL DEFAULT session_user
);
COMMENT ON TABLE gdpr.breach IS
    'Breaches of personal data: facts, effects and remedies (Art. 33(5)). Written by functions alone; read gdpr.breach_register and '
    'gdpr.breach_clock.';
COMMENT ON COLUMN gdpr.breach.id IS 'Number of the breach.';
COMMENT ON COLUMN gdpr.breach.description IS 'Its nature, in words that name nobody.';
COMMENT ON COLUMN gdpr.breach.aware_at IS 'When the controller became aware of it: 72 hours run from there.';
COMMENT ON COLUMN gdpr.breach.period IS 'When data was in the wrong hands; without an end, it still is.';
COMMENT ON COLUMN gdpr.breach.suspect IS 'The role by which it happened; null: any.';
COMMENT ON COLUMN gdpr.breach.address IS 'The network address from which it happened; null: any.';
COMMENT ON COLUMN gdpr.breach.relations IS 'The relations that were reached; null: it is not known, so any.';
COMMENT ON COLUMN gdpr.breach.risk IS 'For the people concerned: unlikely (Art. 33(1)), risk, high (Art. 34(1)); null: not assessed yet.';
COMMENT ON COLUMN gdpr.breach.assessment IS 'How the risk was assessed.';
COMMENT ON COLUMN gdpr.breach.consequences IS 'Likely consequences (Art. 33(3)(c)); null: not known yet.';
COMMENT ON COLUMN gdpr.breach.measures IS 'Measures taken or proposed (Art. 33(3)(d)); null: none yet.';
COMMENT ON COLUMN gdpr.breach.advice IS 'What the people concerned can do themselves.';
COMMENT ON COLUMN gdpr.breach.authority_at IS 'When the supervisory authority was notified.';
COMMENT ON COLUMN gdpr.breach.authority_reference IS 'The authority''s reference.';
COMMENT ON COLUMN gdpr.breach.delay_reason IS 'Why that was later than 72 hours (Art. 33(1)).';
COMMENT ON COLUMN gdpr.breach.subjects_at IS 'When mails to the people concerned were queued first.';
COMMENT ON COLUMN gdpr.breach.no_notice_reason IS 'Why they are not told one by one (Art. 34(3)).';
COMMENT ON COLUMN gdpr.breach.recorded_at IS 'When it was recorded here.';
COMMENT ON COLUMN gdpr.breach.closed_at IS 'When it was closed.';
COMMENT ON COLUMN gdpr.breach.role IS 'Who recorded it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.breach', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.breach_id_seq', '');
GRANT SELECT ON gdpr.breach TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.breach_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    breach bigint NOT NULL,
    event text NOT NULL,
    note gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT session_user
);
CREATE INDEX breach_event_breach ON gdpr.breach_event (breach, id);
COMMENT ON TABLE gdpr.breach_event IS 'What was found out and done about each breach, when and by whom (Art. 33(5)). Append-only.';
COMMENT ON COLUMN gdpr.breach_event.id IS 'Order of the events.';
COMMENT ON COLUMN gdpr.breach_event.breach IS 'Number of the breach.';
COMMENT ON COLUMN gdpr.breach_event.event IS 'opened, amended, assessed, authority notified, subjects notified, subjects not notified, closed.';
COMMENT ON COLUMN gdpr.breach_event.note IS 'The particulars; of amended, what stood there before.';
COMMENT ON COLUMN gdpr.breach_event.at IS 'When.';
COMMENT ON COLUMN gdpr.breach_event.role IS 'Who did it.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.breach_event', '');
SELECT pg_catalog.pg_extension_config_dump('gdpr.breach_event_id_seq', '');
GRANT SELECT ON gdpr.breach_event TO gdpr_officer, gdpr_auditor;

CREATE TABLE gdpr.breach_notice (
    breach bigint NOT NULL,
    subject_table regclass NOT NULL,
    key gdpr.encrypted_text,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX breach_notice_subject ON gdpr.breach_notice (subject_table, key);
CREATE INDEX breach_notice_breach ON gdpr.breach_notice (breach);
COMMENT ON TABLE gdpr.breach_notice IS 'Whom a mail about a breach was queued for (Art. 34), so that nobody is told twice.';
COMMENT ON COLUMN gdpr.breach_notice.breach IS 'Number of the breach.';
COMMENT ON COLUMN gdpr.breach_notice.subject_table IS 'Subject table of the person.';
COMMENT ON COLUMN gdpr.breach_notice.key IS 'Primary key of the person; null once their row is gone or they are forgotten.';
COMMENT ON COLUMN gdpr.breach_notice.at IS 'When.';
SELECT pg_catalog.pg_extension_config_dump('gdpr.breach_notice', '');
GRANT SELECT ON gdpr.breach_notice TO gdpr_officer, gdpr_auditor;

-- The period is one of hours: it does not wait for working days (Regulation 1182/71, Art. 3(4)).
CREATE VIEW gdpr.breach_clock AS
    SELECT b.id, b.aware_at, d.deadline,
           round((extract(epoch FROM d.deadline - coalesce(b.authority_at, now())) / 3600)::numeric, 1) AS hours_left,
           CASE WHEN b.authority_at <= d.deadline THEN 'notified' WHEN b.authority_at IS NOT NULL THEN 'notified late'
                WHEN b.risk = 'unlikely' THEN 'not required' WHEN now() <= d.deadline THEN 'running' ELSE 'overdue' END AS state,
           coalesce(b.authority_at, now()) > d.deadline AND (b.authority_at IS NOT NULL OR b.risk IS DISTINCT FROM 'unlikely')
               AS delay_reason_needed,
           b.risk, b.risk = 'high' AND b.subjects_at IS NULL AND b.no_notice_reason IS NULL AS subjects_to_be_told
      FROM gdpr.breach b, LATERAL (SELECT b.aware_at + interval '72 hours' AS deadline) d
     WHERE b.closed_at IS NULL ORDER BY d.deadline, b.id;
COMMENT ON VIEW gdpr.breach_clock IS
    'Open breaches by the end of the 72 hours from awareness (Art. 33(1)): hours left, negative once they are over; notified, notified late, '
    'not required (no risk is likely), running or overdue; must the notice say why it is late; are people still to be told (Art. 34).';
GRANT SELECT ON gdpr.breach_clock TO gdpr_officer, gdpr_auditor;

CREATE VIEW gdpr.breach_register AS
    SELECT b.id, b.description::text AS description, b.aware_at, b.period, b.suspect, b.address, b.relations, b.risk,
           b.assessment::text AS assessment, b.consequences::text AS consequences, b.measures::text AS measures, b.authority_at,
           b.authority_reference::text AS authority_reference, b.delay_reason::text AS delay_reason, b.subjects_at,
           (SELECT count(*) FROM gdpr.breach_notice n WHERE n.breach = b.id) AS subjects_told,
           b.no_notice_reason::text AS no_notice_reason, b.recorded_at, b.closed_at, b.role
      FROM gdpr.breach b ORDER BY b.aware_at, b.id;
COMMENT ON VIEW gdpr.breach_register IS 'The register of breaches: facts, effects, remedial action (Art. 33(5)), for the supervisory authority.';
GRANT SELECT ON gdpr.breach_register TO gdpr_officer, gdpr_auditor;
