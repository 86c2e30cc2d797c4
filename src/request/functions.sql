-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.due_date(received timestamptz, months integer DEFAULT 1, paused_days integer DEFAULT 0,
                              time_zone text DEFAULT NULL)
    RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT ((min(d.day) + 1)::timestamp AT TIME ZONE z.zone) - interval '1 microsecond'
      FROM (SELECT coalesce(due_date.time_zone, (SELECT c.time_zone FROM gdpr.controller c),
                            pg_catalog.current_setting('log_timezone')) AS zone) z,
           LATERAL (SELECT ((received AT TIME ZONE z.zone)::date + make_interval(months => months))::date
                           + paused_days + n AS day
                      FROM generate_series(0, 100) n) d
     WHERE extract(isodow FROM d.day) < 6 AND NOT EXISTS (SELECT FROM gdpr.public_holiday h WHERE h.day = d.day)
     GROUP BY z.zone;
END;
COMMENT ON FUNCTION gdpr.due_date(timestamptz, integer, integer, text) IS
    'When a period of so many months ends (Art. 12(3); Regulation 1182/71, Art. 3): with the day that has the date of the one '
    'it was received on, or the last of a shorter month; later by the days that the clock stood; moved past Saturdays, Sundays and '
    'gdpr.public_holiday. Days are those of the time zone; null: that of gdpr.controller, or else the server''s log_timezone.';
REVOKE ALL ON FUNCTION gdpr.due_date(timestamptz, integer, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.due_date(timestamptz, integer, integer, text) TO gdpr_officer, gdpr_auditor;

CREATE OR REPLACE FUNCTION gdpr.due_dates_changed() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gdpr_due_dates_changed' LANGUAGE C;
COMMENT ON FUNCTION gdpr.due_dates_changed() IS
    'Trigger of gdpr.public_holiday and gdpr.controller: open requests get the due date that now follows.';
REVOKE ALL ON FUNCTION gdpr.due_dates_changed() FROM PUBLIC;
CREATE OR REPLACE TRIGGER due_dates_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gdpr.public_holiday
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.due_dates_changed();
CREATE OR REPLACE TRIGGER due_dates_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gdpr.controller
    FOR EACH STATEMENT EXECUTE FUNCTION gdpr.due_dates_changed();

CREATE OR REPLACE FUNCTION gdpr.open_request(kind text, subject_table regclass, key text, received timestamptz DEFAULT now(),
                                             way text DEFAULT 'mail', contact text DEFAULT NULL, details jsonb DEFAULT NULL)
    RETURNS bigint AS 'MODULE_PATHNAME', 'gdpr_open_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.open_request(text, regclass, text, timestamptz, text, text, jsonb) IS
    'Records a request: access, rectification, erasure, restriction, notification, portability, objection, '
    'automated_decision or withdrawal (of consent); whose, by subject table and primary key, both null while it is not '
    'known who asks; when it was received; by mail, web, phone, letter or person; where whoever asks can be reached, needed '
    'where it is not known who they are; and an object with what the right needs: "purpose" for objection, '
    'automated_decision and withdrawal, "changes" for rectification as gdpr.rectify() takes them, "reason", "text". Returns '
    'its number, and warns where the same person has an open request for the same, which then answers both. Whoever is '
    'reached by mail gets an acknowledgement. Raises where there is no such person, where an argument is none of these, and '
    'where it was received in the future; for gdpr_officer; audited (Art. 12, 15 to 22).';
REVOKE ALL ON FUNCTION gdpr.open_request(text, regclass, text, timestamptz, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.open_request(text, regclass, text, timestamptz, text, text, jsonb) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.verify_identity(id bigint, how text, subject_table regclass DEFAULT NULL, key text DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_verify_identity' LANGUAGE C;
COMMENT ON FUNCTION gdpr.verify_identity(bigint, text, regclass, text) IS
    'Records how it was established who made a request, and lets the clock run again where it stood for that. Of a request '
    'from someone unknown, subject table and primary key say who they turned out to be. Raises where there is no such open '
    'request or person, and where the request is somebody else''s; for gdpr_officer (Art. 12(6)).';
REVOKE ALL ON FUNCTION gdpr.verify_identity(bigint, text, regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.verify_identity(bigint, text, regclass, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.pause_request(id bigint, ground text, question text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_pause_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.pause_request(bigint, text, text) IS
    'Stops the clock of a request until whoever made it answers a question, which goes to them by mail: ground is identity, '
    'where there are reasonable doubts who asks (Art. 12(6)), or clarification, where much is held and it is not clear what '
    'is asked for (recital 63). Nothing else stops the clock. Raises for other grounds, while the clock stands, and once '
    'the request is overdue; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.pause_request(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.pause_request(bigint, text, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.resume_request(id bigint, answer text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_resume_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.resume_request(bigint, text) IS
    'Lets the clock of a request run again: what was answered. The due date moves by the days in between. After a question '
    'for the identity, gdpr.verify_identity() does this. Raises while the clock runs; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.resume_request(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.resume_request(bigint, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.amend_request(id bigint, details jsonb)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_amend_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.amend_request(bigint, jsonb) IS
    'Adds members to the details of an open request, or replaces them: such as the purpose that a clarification brought. '
    'Raises where they are no object; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.amend_request(bigint, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.amend_request(bigint, jsonb) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.assign_request(id bigint, officer regrole, address text DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_assign_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.assign_request(bigint, regrole, text) IS
    'Says who sees to an open request, and the mail address where they are reminded of the due date. Raises where the role '
    'is no member of gdpr_officer or the address is none; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.assign_request(bigint, regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.assign_request(bigint, regrole, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.extend_request(id bigint, reason text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_extend_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.extend_request(bigint, text) IS
    'Extends the period of a request by two months, because it is complex or there are many: whoever asks is told the '
    'reason by mail. Raises once the first month is over, a second time, and without a reason; for gdpr_officer (Art. '
    '12(3)).';
REVOKE ALL ON FUNCTION gdpr.extend_request(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.extend_request(bigint, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.refuse_request(id bigint, reason text)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_refuse_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.refuse_request(bigint, text) IS
    'Refuses a request: manifestly unfounded or excessive, or not to be fulfilled. Whoever asks is told the reason by mail, '
    'and where to complain. Raises without a reason and where the request is closed; for gdpr_officer; audited (Art. 12(4), '
    '12(5)).';
REVOKE ALL ON FUNCTION gdpr.refuse_request(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.refuse_request(bigint, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.withdraw_request(id bigint, note text DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_withdraw_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.withdraw_request(bigint, text) IS
    'Closes a request that the person withdrew. Raises where it is closed; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.withdraw_request(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.withdraw_request(bigint, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.release_request(id bigint, note text DEFAULT NULL)
    RETURNS void AS 'MODULE_PATHNAME', 'gdpr_release_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.release_request(bigint, text) IS
    'Releases an answer in review, once an officer has read the words in it that may tell of others, as gdpr.access() lists '
    'them under review; gdpr.fulfil_request() then hands it out. Raises where the request is not in review; for '
    'gdpr_officer (Art. 15(4)).';
REVOKE ALL ON FUNCTION gdpr.release_request(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.release_request(bigint, text) TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.fulfil_request(id bigint, delivery text DEFAULT NULL, note text DEFAULT NULL)
    RETURNS text AS 'MODULE_PATHNAME', 'gdpr_fulfil_request' LANGUAGE C;
COMMENT ON FUNCTION gdpr.fulfil_request(bigint, text, text) IS
    'Fulfils a request by the function of its right: gdpr.access(), gdpr.export(), gdpr.rectify(), gdpr.forget(), '
    'gdpr.restrict(), gdpr.record_objection(), gdpr.withdraw_consent(), and closes it, its duplicates too, with receipt and '
    'answer on file. delivery is mail: the answer is mailed, rendered when it is sent; or handed: the officer hands it '
    'over; null: mail where the request came by mail or web. Returns fulfilled, or review where the answer shows words of '
    'rows in which others have a part: then gdpr.release_request() comes first. With handed, a request of somebody of whom '
    'nothing is held is closed, too. Raises while the clock stands, where it was not verified who asks (other than for '
    'restriction, objection, automated_decision and withdrawal), where the details lack what the right needs, and as that '
    'right does; for gdpr_officer (Art. 12(3), 15 to 22).';
REVOKE ALL ON FUNCTION gdpr.fulfil_request(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.fulfil_request(bigint, text, text) TO gdpr_officer;
