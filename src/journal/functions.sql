-- Functions of the room; re-run at every upgrade.
CREATE OR REPLACE FUNCTION gdpr.replay_erasures()
    RETURNS TABLE (subject_table regclass, erased bigint, action text)
    AS 'MODULE_PATHNAME', 'gdpr_replay_erasures' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.replay_erasures() IS
    'After a restore of an older state: does again what the journal, the file beside the keyring, says was done since. '
    'Returns how many people (erased) met each action: forget, restrict, object, withdraw; receipt, of a person who was '
    'not in the restored state; block and unblock, identifiers of the blocklist; ask, what gdpr.journal_questions() asks '
    'about and is left alone; refused, who is under a legal hold or whom a trigger protects, or an objection to a purpose that does not exist. Nobody who came after the act is touched. One transaction, a pass over each subject table '
    'concerned; called again it does what is left, at last nothing. For gdpr_officer (Art. 17, 18, 21, 7(3)).';
REVOKE ALL ON FUNCTION gdpr.replay_erasures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.replay_erasures() TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.journal_questions()
    RETURNS TABLE (entry uuid, act text, at timestamptz, subject_table text, key text, question text)
    AS 'MODULE_PATHNAME', 'gdpr_journal_questions' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gdpr.journal_questions() IS
    'What the journal leaves to an officer: acts of which the server stopped before it was written whether they were '
    'done, people who are not certainly those of an act, acts in another database of the same origin. key: who of this '
    'database it would be done to; null: nobody. Answer with gdpr.journal_answer(); for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.journal_questions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.journal_questions() TO gdpr_officer;

CREATE OR REPLACE FUNCTION gdpr.journal_answer(entry uuid, done boolean) RETURNS void
    AS 'MODULE_PATHNAME', 'gdpr_journal_answer' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gdpr.journal_answer(uuid, boolean) IS
    'Answers a question of gdpr.journal_questions(): true, and the next gdpr.replay_erasures() does the act to the people '
    'listed; false, and it is never asked about nor done again. Written to the journal at once, whatever becomes of the '
    'transaction. Raises no_data_found where nothing is asked; for gdpr_officer.';
REVOKE ALL ON FUNCTION gdpr.journal_answer(uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gdpr.journal_answer(uuid, boolean) TO gdpr_officer;
