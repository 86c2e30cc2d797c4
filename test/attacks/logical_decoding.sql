-- Attack: logical decoding by the functions of SQL.
-- as: replicator
-- gated: refused
-- deny: refused
SELECT data FROM pg_logical_slot_peek_changes(current_database()::text, NULL, NULL);
